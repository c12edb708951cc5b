/// What is sent to the vendor.
enum RazorpayBodies {
    /// An order that captures by itself, and is made once for its receipt.
    struct Order: Encodable {
        struct Payment: Encodable {
            let capture = "automatic"
            let options = Options()

            private enum CodingKeys: String, CodingKey {
                case capture
                case options = "capture_options"
            }
        }

        /// Minutes: what the vendor asks for at least, and allows at most.
        struct Options: Encodable {
            let automaticExpiry = 12
            let manualExpiry = 7_200
            let refundSpeed = "normal"

            private enum CodingKeys: String, CodingKey {
                case automaticExpiry = "automatic_expiry_period"
                case manualExpiry = "manual_expiry_period"
                case refundSpeed = "refund_speed"
            }
        }

        let amount: Int64
        let currency = "INR"
        let receipt: String
        let isReceiptUnique = true
        let notes: [String: String]
        let payment = Payment()

        private enum CodingKeys: String, CodingKey {
            case amount, currency, receipt, notes, payment
            case isReceiptUnique = "unique_receipt"
        }
    }

    struct Capture: Encodable {
        let amount: Int64
        let currency = "INR"
    }

    struct Refund: Encodable {
        let amount: Int64
        let speed = "normal"
    }

    struct None: Encodable {}

    /// A list of the vendor's.
    struct Collection<Item: Decodable & Sendable>: Decodable, Sendable {
        let items: [Item]
    }

    /// How the vendor says no.
    struct Refusal: Decodable {
        struct Detail: Decodable {
            let code: String?
            let description: String?
        }

        let error: Detail
    }
}
