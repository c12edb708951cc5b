import Cryptography
import Foundation
package import Razorpay
package import RazorpayStandIn

/// Razorpay's own package for Python, which says what a shop gets.
package enum RazorpaySDK {
    private struct Given: Encodable {
        struct Event: Encodable {
            let body: String
            let signature: String
        }

        let address: String
        let keyID: String
        let keySecret: String
        let webhookSecret: String
        let events: [Event]
    }

    /// What `razorpay-client.py` reports after it has bought something at a stand-in.
    package static func report(
        on account: RazorpayAccount, events: [StandInEvent]
    ) async throws -> TestJSON {
        let text = { (bytes: [UInt8]) in String(decoding: bytes, as: UTF8.self) }
        let given = Given(
            address: String(account.baseURL.dropLast("/v1".count)), keyID: account.keyID,
            keySecret: text(account.keySecret.bytes), webhookSecret: text(account.webhookSecrets.first?.bytes ?? []),
            events: events.map { Given.Event(body: text($0.body), signature: $0.signature) })
        return try await withFolder { folder in
            try JSONEncoder().encode(given).write(to: URL(fileURLWithPath: folder + "/given.json"))
            let process = try PythonTool.start(
                "razorpay-client.py", [folder + "/given.json"], errorFile: folder + "/stderr.log")
            guard let line = await process.line(beginningWith: "RAZORPAY ") else {
                let log = try String(contentsOfFile: folder + "/stderr.log", encoding: .utf8)
                throw LiveServer.Failure(description: "Razorpay's package reports nothing: \(log)")
            }
            _ = await process.wait()
            return try JSONDecoder().decode(TestJSON.self, from: Data(line.dropFirst("RAZORPAY ".count).utf8))
        }
    }
}
