import CareSyncCore
import Foundation
import HTTPServer
import JSONCoding
import Logging
import NIOCore
import WebAPI

/// Serves the same 9 KB three ways, so that what JSON costs can be told from what HTTP costs: `/plain` is a word,
/// `/ready` bytes that are there already, `/json` twenty doctors encoded for every request. Prints its port.
@main
struct BenchmarkJSON {
    static func main() async throws {
        let doctors = (1...20).map(Sample.init)
        let ready = try JSONBodyEncoder.encode(doctors)
        let endpoints: [Endpoint] = [
            .get("/plain", "A word", access: .public) { (_: EndpointRequest<NoParameters, NoBody>) in
                FileResponse(ByteBuffer(string: "ready"), contentType: "text/plain")
            },
            .get("/ready", "Finished bytes", access: .public) { (_: EndpointRequest<NoParameters, NoBody>) in
                FileResponse(ByteBuffer(bytes: ready), contentType: "application/json")
            },
            .get("/json", "Twenty doctors", access: .public) { (_: EndpointRequest<NoParameters, NoBody>) in doctors },
        ]
        let responder = try APIResponder(
            endpoints: endpoints,
            settings: APISettings(
                authenticator: Authenticator { _ in throw Problem.unauthenticated }, time: .system, random: .system))
        let server = WebServer(
            host: "127.0.0.1", port: 0, responder: responder,
            logger: Logger(label: "json") { _ in SwiftLogNoOpLogHandler() }
        ) { port in
            FileHandle.standardOutput.write(Data("\(port)\n".utf8))
        }
        try await server.run()
    }
}

/// As many members, of the same kinds, as a doctor in a list.
private struct Sample: WireValue {
    let id: Int64
    let username: String
    let email: String
    let role: Role
    let firstName: String
    let lastName: String
    let name: String
    let specialization: String
    let profileImageUrl: String
    let contactInfo: String
    let isActive: Bool
    let gender: String?
    let consultationFees: Money
    let address: String
    let languages: [String]
    let experiences: [String]
    let educations: [String]
    let certificates: [String]
    let averageRating: Double
    let reviewCount: Int
    let isVerified: Bool
    let completionPercentage: Int

    init(_ number: Int) {
        id = Int64(number)
        username = "doctor\(number)"
        email = "doctor\(number)@example.org"
        role = .doctor
        firstName = "First\(number)"
        lastName = "Last\(number)"
        name = "First\(number) Last\(number)"
        specialization = "Cardiology"
        profileImageUrl = "https://img.example.org/d/\(number).jpg"
        contactInfo = "+1-555-\(1000 + number)"
        isActive = true
        gender = number % 2 == 0 ? "Female" : nil
        consultationFees = Money(minorUnits: Int64(50_000 + number))
        address = "\(number) Harbour Street, Springfield"
        languages = ["English", "Hindi", "Telugu"]
        experiences = []
        educations = []
        certificates = []
        averageRating = 4.0 + Double(number) / 32
        reviewCount = number * 13
        isVerified = true
        completionPercentage = 70
    }
}
