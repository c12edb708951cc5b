import CareSyncCore
import Foundation
import JSONCoding
import Persistence
import WebAPI

enum ToyTag {}
typealias ToyID = ID<ToyTag>

enum ToyColor: String, Codable, Sendable, CaseIterable {
    case red = "RED"
    case green = "GREEN"
}

struct ToyResponse: WireResponse {
    let id: ToyID
    let name: String
    let color: ToyColor?
    let price: Money
    let madeOn: LocalDate?
}

/// A body with every kind of field.
struct AddToy: Codable, Sendable, Validated {
    var id: ToyID?
    var name: String
    var color: ToyColor?
    var price: Money
    var madeOn: LocalDate?
    var soldAt: ClientDateTime?
    var count: Int?
    var isNew: Bool?
    var parts: [Part]?
    var notes: [String: String]?

    struct Part: Codable, Sendable {
        var title: String
        var weight: Double?
    }

    static let rules: [Rule<Self>] = [
        .text("name", \.name, .line, 40), .range("count", \.count, 0...100),
    ]
}

struct ChangeToy: Decodable, Sendable {
    var name: Patch<String>
    var madeOn: Patch<LocalDate>
}

struct ToyQuery: Codable, Sendable, Validated {
    var name: String?
    var color: ToyColor?
    var maxPrice: Money?
    var limit: Int?
    var isNew: Bool?
    var madeOn: LocalDate?
    var page: Int?
    var size: Int?

    static let rules: [Rule<Self>] = [
        .maxLength("name", \.name, 20), .range("page", \.page, 0...PageRequest.maximumPage),
        .range("size", \.size, 1...PageRequest.maximumSize),
    ]
}

struct NamePath: Codable, Sendable { let name: String }
struct ToyPath: Codable, Sendable { let toyId: ToyID }
struct FileQuery: Codable, Sendable { let name: String? }

struct EchoResponse: WireResponse {
    let name: String?
    let caller: String?
}

struct FormResponse: WireResponse {
    let fields: [String: String]
    let files: [FileSummary]

    struct FileSummary: Codable, Sendable {
        let field: String
        let name: String
        let type: String?
        let length: Int
        let sum: Int
    }
}

/// An answer with a status of its own.
struct CreatedToy: WireResponse {
    let id: ToyID
}

enum ToyError: FailureCatalogue {
    case notFound
    case broken(Int)
    case busy

    static let catalogue: [ToyError] = [.notFound, .broken(0), .busy]

    var problem: Problem {
        switch self {
        case .notFound: Problem(.notFound, "TOY_NOT_FOUND", "There is no such toy.")
        case .broken(let parts):
            Problem(.conflict, "TOY_BROKEN", "The toy is broken.", ["parts": parts], shape: "BrokenToy")
        case .busy: Problem(.tooManyRequests, "TOY_BUSY", "Somebody plays with it.", retryAfter: 7)
        }
    }
}

/// What no answer may ever show.
struct SecretError: Error, CustomStringConvertible {
    static let secret = "SELECT secret FROM patients"
    var description: String { Self.secret }
}

/// A problem's detail that cannot be written.
struct Unwritable: Encodable, Sendable {
    func encode(to encoder: any Encoder) throws { throw SecretError() }
}
