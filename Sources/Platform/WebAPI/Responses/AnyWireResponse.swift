/// A response inside another one, of a type that a higher feature supplies.
package struct AnyWireResponse: WireValue {
    private let write: @Sendable (any Encoder) throws -> Void

    package init(_ response: some WireValue) {
        write = { try response.encode(to: $0) }
    }

    package func encode(to encoder: any Encoder) throws { try write(encoder) }

    /// Stands for any object while schemas are recorded; it is never read from a request.
    package init(from decoder: any Decoder) throws {
        write = { _ in }
    }
}
