package import CareSyncCore
import HTTPServer
import JSONCoding
import NIOCore

/// An already encoded response, to be part of a list.
package struct EncodedJSON<Content: WireValue>: Sendable {
    fileprivate let bytes: [UInt8]

    package init(_ response: Content) throws {
        bytes = try JSONBodyEncoder.encode(response)
    }
}

/// A list of prepared responses, which looks to clients like the ``PagedResponse`` of the responses.
package struct EncodedPagedResponse<Content: WireValue>: ResponseConvertible {
    private let page: Page<EncodedJSON<Content>>

    package init(_ page: Page<EncodedJSON<Content>>) {
        self.page = page
    }

    package static var described: ResponseDescription { PagedResponse<Content>.described }

    package func response(to request: RequestMetadata) -> Response {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(page.items.reduce(2) { $0 + $1.bytes.count + 1 })
        buffer.writeInteger(UInt8(ascii: "["))
        for (index, item) in page.items.enumerated() {
            if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            buffer.writeBytes(item.bytes)
        }
        buffer.writeInteger(UInt8(ascii: "]"))
        return Response(
            status: request.status, contentType: Response.jsonType, headers: page.headers, body: .bytes(buffer))
    }
}
