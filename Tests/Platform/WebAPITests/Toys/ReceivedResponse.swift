import CareSyncTesting
import Foundation
import HTTPTypes
import Testing

struct ReceivedResponse: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    var json: TestJSON { (try? JSONDecoder().decode(TestJSON.self, from: Data(bytes))) ?? .null }  // No JSON is null.

    var code: String? { json["code"].string }
    var field: String? { json["fieldErrors"].list.first?["field"].string }
    var fieldMessage: String? { json["fieldErrors"].list.first?["message"].string }

    /// What is wrong with the body as the error body of every failure; `nil` when nothing is.
    func faultOfErrorBody(details: Set<String> = []) -> String? {
        guard case .object(let members) = json else { return "is no object: \(text)" }
        let names: Set = ["error", "message", "code", "status", "path", "timestamp", "requestId", "fieldErrors"]
        if Set(members.keys) != names.union(details) { return "has the members \(members.keys.sorted())" }
        if json["error"] != json["message"] || json["error"].string?.isEmpty != false { return "has no message" }
        if json["status"].int != status { return "names another status" }
        if code?.wholeMatch(of: /[A-Z][A-Z_]+/) == nil { return "has no code" }
        if json["requestId"].string != header("X-Request-Id") { return "names another request" }
        if header("Content-Type") != "application/json; charset=utf-8" { return "is of another type" }
        return nil
    }

    /// Checks status, code and form of an error body.
    func expectFailure(
        _ status: Int, _ code: String, field: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(self.status == status, sourceLocation: sourceLocation)
        #expect(self.code == code, sourceLocation: sourceLocation)
        #expect(self.field == field, sourceLocation: sourceLocation)
        #expect(faultOfErrorBody() == nil, sourceLocation: sourceLocation)
    }
}
