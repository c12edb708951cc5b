import CareSyncCore

/// What the OpenAPI document needs to know of an endpoint.
struct OperationDescription: Sendable {
    let parameters: any (Decodable & Sendable).Type
    let pathNames: [String]
    let body: any (Decodable & Sendable).Type
    let response: ResponseDescription
    let failures: [Problem]
}
