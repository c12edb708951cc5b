import CareSyncTesting
import HTTPTypes
import Persistence
import Testing

/// A payment of the owner's that costs nothing, so that no payment service is needed.
enum PaymentRecords: MatrixFixture {
    private static let free = """
        {"patientId":{patientId},"amount":0,"paymentType":"APPOINTMENT","paymentMethod":"UPI"}
        """

    static let requests = [
        "POST /api/payments/initiate": free,
        "POST /api/payments/booking/{bookingId}/pay": free.replacing("0,", with: "500,"),
        "POST /api/payments/{transactionId}/refund": #"{"reason":"not needed"}"#,
        "PUT /api/payments/link-booking": "?transactionId={transactionId}&bookingId={bookingId}",
    ]

    static func clear(_ cast: MatrixCast, _ db: any Connection) throws {
        try db.run("DELETE FROM payments WHERE patient_id = \(cast.owner.id)")
    }

    static func plant(for cast: MatrixCast, in app: TestApp) async throws -> PlantedRecords {
        let made = try await app.send(
            .post, "/api/payments/initiate", as: cast.owner,
            body: """
                {"patientId":\(cast.owner.id),"amount":0,"paymentType":"APPOINTMENT","paymentMethod":"UPI",\
                "description":"matrix-payment-tamarind"}
                """)
        let transaction = try #require(made["transactionId"].string, "\(made.text)")
        return PlantedRecords(
            values: ["transactionId": transaction],
            state: ["SELECT count(*) FROM payments WHERE patient_id = \(cast.owner.id)"])
    }
}
