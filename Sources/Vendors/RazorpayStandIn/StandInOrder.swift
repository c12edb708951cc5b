/// An order with everything the vendor shows of it.
struct StandInOrder: Codable, Sendable {
    enum Status: String, Codable, Sendable {
        case created, attempted, paid
    }

    let id: String
    let amount: Int64
    let receipt: String?
    let notes: [String: String]
    /// Whether an authorised payment is captured without being asked for.
    let capturesItself: Bool
    let createdAt: Int64
    var status = Status.created
    /// Every attempt, oldest first.
    var payments: [String] = []

    var wire: VendorJSON {
        let paid = status == .paid ? amount : 0
        return [
            "id": .text(id), "entity": "order", "amount": .integer(amount), "amount_paid": .integer(paid),
            "amount_due": .integer(amount - paid), "currency": "INR", "receipt": .optional(receipt), "offer_id": .null,
            "status": .text(status.rawValue), "attempts": .integer(Int64(payments.count)), "notes": .notes(notes),
            "created_at": .integer(createdAt),
        ]
    }
}

/// What an order is made of.
struct OrderRequest {
    let amount: Int64
    let receipt: String?
    let isReceiptUnique: Bool
    let notes: [String: String]
    let capturesItself: Bool

    private static let fields: Set<String> = [
        "amount", "currency", "receipt", "notes", "partial_payment", "unique_receipt", "payment", "payment_capture",
    ]

    init(_ body: VendorJSON) throws {
        guard case .object = body else { throw VendorRefusal.noJSON }
        let superfluous = body.names.filter { !Self.fields.contains($0) }
        guard superfluous.isEmpty else { throw VendorRefusal.superfluous(superfluous) }
        amount = try Amounts.amount(body["amount"])
        try Amounts.checkCurrency(body["currency"])
        receipt = try Self.receipt(body["receipt"])
        isReceiptUnique = body["unique_receipt"]?.asBool ?? false
        notes = try Self.notes(body["notes"])
        capturesItself = try Self.capturesItself(body)
    }

    private static func receipt(_ value: VendorJSON?) throws -> String? {
        guard let value, value != .null else { return nil }
        guard let text = value.asText, text.utf8.count <= 40 else {
            throw VendorRefusal("The receipt may not be greater than 40 characters.", field: "receipt")
        }
        return text
    }

    static func notes(_ value: VendorJSON?) throws -> [String: String] {
        guard let value, value != .null, value != .list([]) else { return [:] }
        guard case .object(let fields) = value, fields.count <= 15 else {
            throw VendorRefusal("Number of fields in notes should be less than or equal to 15", field: "notes")
        }
        return try fields.mapValues { value in
            guard let text = value.asText ?? value.asInteger.map({ String($0) }), text.count <= 256 else {
                throw VendorRefusal("notes value must be a string of at most 256 characters", field: "notes")
            }
            return text
        }
    }

    private static func capturesItself(_ body: VendorJSON) throws -> Bool {
        guard let payment = body["payment"] else { return body["payment_capture"]?.asBool ?? false }
        let options = payment["capture_options"]
        switch payment["capture"]?.asText {
        case "automatic":
            guard let minutes = options?["automatic_expiry_period"]?.asInteger, minutes >= 12 else {
                throw VendorRefusal(
                    "The automatic expiry period must be at least 12.", field: "automatic_expiry_period")
            }
            return true
        case "manual": return false
        default: throw VendorRefusal("The selected capture is invalid.", field: "capture")
        }
    }
}

/// Checks that all calls share.
enum Amounts {
    static func amount(_ value: VendorJSON?) throws -> Int64 {
        guard let value, value != .null else {
            throw VendorRefusal("The amount field is required.", field: "amount")
        }
        guard let amount = value.asInteger else {
            throw VendorRefusal("The amount must be an integer.", field: "amount")
        }
        guard amount >= 100 else {
            throw VendorRefusal("The amount must be at least INR 1.00", field: "amount")
        }
        guard amount <= 50_000_000_00 else {
            throw VendorRefusal("Amount exceeds maximum amount allowed.", field: "amount")
        }
        return amount
    }

    static func checkCurrency(_ value: VendorJSON?) throws {
        guard let value, value != .null else {
            throw VendorRefusal("The currency field is required.", field: "currency")
        }
        guard value == "INR" else { throw VendorRefusal("The currency is not supported", field: "currency") }
    }
}
