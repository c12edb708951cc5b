import NIOCore
import Testing

@testable import ObjectStorage

@Suite("XML of stores")
struct XMLTextTests {
    private func parse(_ text: String) throws -> XMLText.Element { try XMLText.parse(ByteBuffer(string: text)) }

    @Test("elements, attributes, text and references are understood")
    func understood() throws {
        let root = try parse(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <List xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a = 'x>y'><Key>a&amp;b &lt;&#x1234;&#49;&gt; é</Key >
            <Empty/><Other></Other></List>

            """)
        #expect(root.name == "List")
        #expect(root.text(of: "Key") == "a&b <\u{1234}1> é")
        #expect(root.text(of: "Empty") == "")
        #expect(root.text(of: "Other") == "")
        #expect(root.text(of: "Absent") == nil)
    }

    @Test(
        "everything else is refused",
        arguments: [
            "", " ", "text", "<a>", "<a></b>", "<a/><b/>", "<a/>x", "<a b></a>", "<a b=c/>", "<a>&unknown;</a>",
            "<a>&#xD800;</a>", "<a>&#1114112;</a>", "<a>&amp</a>", "<!DOCTYPE a><a/>", "<a><!-- c --></a>",
            "<a><![CDATA[x]]></a>", "<a><?pi?></a>", "<a b=\"<\"/>", "<>x</>", "<a", "</a>", "<a>&#;</a>",
            "<a>&\(String(repeating: "x", count: 100));</a>",
        ])
    func refused(_ text: String) {
        #expect(throws: XMLText.Mistake.self) { try parse(text) }
    }

    @Test("depth, number and encoding have bounds")
    func bounds() throws {
        let deep = { String(repeating: "<a>", count: $0) + String(repeating: "</a>", count: $0) }
        #expect(throws: Never.self) { try parse(deep(8)) }
        #expect(throws: XMLText.Mistake.self) { try parse(deep(9)) }
        #expect(throws: Never.self) { try parse("<r>" + String(repeating: "<a/>", count: 19_999) + "</r>") }
        #expect(throws: XMLText.Mistake.self) { try parse("<r>" + String(repeating: "<a/>", count: 20_000) + "</r>") }
        #expect(throws: XMLText.Mistake.self) {
            try XMLText.parse(ByteBuffer(bytes: Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)))
        }
    }

    @Test("a document that is cut anywhere is refused, and never traps")
    func cuts() throws {
        let whole = Array("<?xml version=\"1.0\"?><a b='c'><d>x&amp;&#x41;y</d><e/></a>".utf8)
        #expect(throws: Never.self) { try XMLText.parse(ByteBuffer(bytes: whole)) }
        for length in 0..<whole.count {
            #expect(throws: XMLText.Mistake.self) { try XMLText.parse(ByteBuffer(bytes: whole[..<length])) }
        }
        for index in whole.indices {
            for byte: UInt8 in [0, 0x3C, 0x26, 0xFF, 0x3E] {
                var changed = whole
                changed[index] = byte
                _ = try? XMLText.parse(ByteBuffer(bytes: changed))  // It need not be refused.
            }
        }
    }
}
