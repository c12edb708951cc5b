/// The vendor says no.
package struct VendorRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package let status: Int
    package let code: String
    /// For people.
    package let description: String
    package let field: String?

    init(_ description: String, field: String? = nil, status: Int = 400, code: String = "BAD_REQUEST_ERROR") {
        self.status = status
        self.code = code
        self.description = description
        self.field = field
    }

    static let unknownID = VendorRefusal("The id provided does not exist")
    static let unknownURL = VendorRefusal("The requested URL was not found on the server.")
    static let unauthenticated = VendorRefusal("Authentication failed", status: 401)
    static let noJSON = VendorRefusal("The request could not be read")

    static func superfluous(_ names: [String]) -> VendorRefusal {
        VendorRefusal("\(names.joined(separator: ", ")) is/are not required and should not be sent")
    }

    var body: VendorJSON {
        [
            "error": [
                "code": .text(code), "description": .text(description), "source": "business",
                "step": "payment_initiation", "reason": "input_validation_failed", "metadata": [:],
                "field": .optional(field),
            ]
        ]
    }
}
