package import CareSyncCore
import NIOCore

/// A response that has been written already, to stand in a list among others.
package struct PreparedJSON<Response: WireValue>: Sendable {
    fileprivate let bytes: [UInt8]

    package init(_ response: Response) throws {
        bytes = try JSONBodyEncoder.encode(response)
    }
}

/// A list of prepared responses, which looks to clients like the ``Listing`` of the responses.
package struct PreparedListing<Response: WireValue>: EndpointAnswer {
    private let page: Page<PreparedJSON<Response>>

    package init(_ page: Page<PreparedJSON<Response>>) {
        self.page = page
    }

    package static var described: AnswerDescription { Listing<Response>.described }

    package func answer(to request: RequestFacts) -> Answer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(page.items.reduce(2) { $0 + $1.bytes.count + 1 })
        buffer.writeInteger(UInt8(ascii: "["))
        for (index, item) in page.items.enumerated() {
            if index > 0 { buffer.writeInteger(UInt8(ascii: ",")) }
            buffer.writeBytes(item.bytes)
        }
        buffer.writeInteger(UInt8(ascii: "]"))
        return Answer(contentType: Answer.jsonType, headers: page.headers, body: .bytes(buffer))
    }
}
