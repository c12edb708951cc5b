import CareSyncCore

/// What an endpoint tells the OpenAPI document.
struct OperationDescription: Sendable {
    let parameters: any (Decodable & Sendable).Type
    let pathNames: [String]
    let body: any (Decodable & Sendable).Type
    let response: ResponseDescription
    let failures: [Problem]
}
