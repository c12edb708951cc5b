import CareSyncTesting
import HTTPTypes
import Testing

@Suite("Multipart forms")
struct MultipartTests {
    private func send(
        _ body: [UInt8], type: String = "multipart/form-data; boundary=cut"
    ) async throws -> ReceivedResponse {
        try await withToys { toys in
            try await toys.send(.post, "/api/forms", bytes: body, headers: ["Content-Type": type])
        }
    }

    private func send(_ body: String, type: String = "multipart/form-data; boundary=cut") async throws
        -> ReceivedResponse
    {
        try await send(Array(body.utf8), type: type)
    }

    private func part(_ header: String, _ content: String) -> String { "--cut\r\n\(header)\r\n\r\n\(content)\r\n" }

    private func field(_ name: String, _ content: String) -> String {
        part("Content-Disposition: form-data; name=\"\(name)\"", content)
    }

    @Test("fields and files arrive with names, types and bytes", arguments: ["cut", "\"cut\"", "cut; charset=utf-8"])
    func good(_ boundary: String) async throws {
        let body =
            field("title", "Größe") + field("empty", "")
            + part(
                "content-disposition: form-data; name=scan; filename=\"a b.pdf\"\r\nContent-Type: application/pdf",
                "%PDF")
            + "--cut--\r\nepilogue"
        let answer = try await send(body, type: "Multipart/Form-Data; boundary=\(boundary)")
        #expect(answer.status == 200)
        #expect(answer.json["fields.title"].string == "Größe")
        #expect(answer.json["fields.empty"].string == "")
        #expect(answer.json["files[0].field"].string == "scan")
        #expect(answer.json["files[0].name"].string == "a b.pdf")
        #expect(answer.json["files[0].type"].string == "application/pdf")
        #expect(answer.json["files[0].length"].int == 4)
    }

    @Test(
        "another content type is 415",
        arguments: ["application/json", "multipart/form-dataX; boundary=cut", "multipart/mixed; boundary=cut", ""])
    func wrongType(_ type: String) async throws {
        try await send("--cut--", type: type).expectFailure(415, "UNSUPPORTED_MEDIA_TYPE")
    }

    @Test(
        "a missing or impossible boundary is refused",
        arguments: [
            "", "; boundary", "; boundary=", "; boundary=\"\"", "; bound=cut",
            "; boundary=\(String(repeating: "b", count: 71))",
        ])
    func boundary(_ parameters: String) async throws {
        try await send("--cut--", type: "multipart/form-data\(parameters)").expectFailure(400, "MALFORMED_REQUEST")
    }

    @Test("a body cut off anywhere is refused")
    func truncated() async throws {
        let whole = Array(
            (field("title", "x") + part("Content-Disposition: form-data; name=f; filename=a", "yy") + "--cut--").utf8)
        try await withToys { toys in
            let headers = ["Content-Type": "multipart/form-data; boundary=cut"]
            for length in 0..<whole.count {
                let answer = try await toys.send(.post, "/api/forms", bytes: Array(whole[..<length]), headers: headers)
                #expect(answer.status == 400)
            }
            #expect(try await toys.send(.post, "/api/forms", bytes: whole, headers: headers).status == 200)
        }
    }

    @Test("64 parts are read, 65 refused")
    func tooManyParts() async throws {
        let parts = (0..<65).map { field("f\($0)", "x") }
        #expect(try await send(parts.dropLast().joined() + "--cut--").status == 200)
        try await send(parts.joined() + "--cut--").expectFailure(400, "MALFORMED_REQUEST")
    }

    @Test(
        "parts that cannot be understood are refused",
        arguments: [
            "Content-Type: text/plain", "Content-Disposition: form-data", "Content-Disposition: form-data; name=\"\"",
            "Content-Disposition: attachment; name=\"a\"", "no colon",
            "Content-Disposition: form-data; name=\"a\u{0}b\"",
            "Content-Disposition: form-data; name=\"a\nb\"", "Content-Disposition: form-data; name=\"a\rb\"",
            "Content-Disposition: form-data; name=a; filename=\"a\u{1}b\"",
            "Content-Disposition: form-data; name=a\r\nContent-Disposition: form-data; name=b",
            "Content-Disposition: form-data; name=\"\(String(repeating: "n", count: 9_000))\"",
        ])
    func badPart(_ header: String) async throws {
        try await send(part(header, "x") + "--cut--").expectFailure(400, "MALFORMED_REQUEST")
    }

    @Test("NUL or bytes that are not UTF-8 in a field are refused, in a file they are content")
    func binaryFields() async throws {
        for bytes in [[0x61, 0x00], [0xFF, 0xFE]] as [[UInt8]] {
            let end = Array("\r\n--cut--".utf8)
            let field = Array("--cut\r\nContent-Disposition: form-data; name=a\r\n\r\n".utf8)
            try await send(field + bytes + end).expectFailure(400, "MALFORMED_REQUEST")
            let file = Array("--cut\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n".utf8)
            #expect(try await send(file + bytes + end).json["files[0].length"].int == 2)
        }
    }

    @Test("a name that is given twice is refused, by its name if that is harmless")
    func duplicateNames() async throws {
        let twice = field("title", "1") + field("title", "2") + "--cut--"
        try await send(twice).expectFailure(400, "VALIDATION_FAILED", field: "title")
        let odd = field("<b>", "1") + part("Content-Disposition: form-data; name=\"<b>\"; filename=x", "2") + "--cut--"
        try await send(odd).expectFailure(400, "VALIDATION_FAILED", field: "?")
    }

    @Test(
        "file names keep what clients put between quotes",
        arguments: [
            ("\"a\\\"b.pdf\"", "a\"b.pdf"), ("\"C:\\dir\\a.pdf\"", "C:\\dir\\a.pdf"), ("\"a;b=c.pdf\"", "a;b=c.pdf"),
            ("\"ü日本.pdf\"", "ü日本.pdf"), ("\"\"", ""), ("\"a\"\u{301}; name=\"evil\"", "a"), ("\"a%22b\"", "a%22b"),
            ("  plain.pdf ", "plain.pdf"), ("\"a\" ; more=1", "a"),
        ])
    func fileNames(_ written: String, _ name: String) async throws {
        let answer = try await send(
            part("Content-Disposition: form-data; name=f; filename=\(written)", "x") + "--cut--")
        #expect(answer.json["files[0].name"].string == name)
        #expect(answer.json["files[0].field"].string == "f")
    }

    @Test("content that looks like a boundary stays content")
    func boundaryLikeContent() async throws {
        let tricky = [
            "--cut", "\r\n--cutter\r\n", "\r\n--cu", "\r\n-\r\n--", "--cut--", "\r\r\n\n--cut", "\r\n--cut x",
        ]
        for content in tricky + [tricky.joined()] {
            let answer = try await send(part("Content-Disposition: form-data; name=f; filename=a", content) + "--cut--")
            #expect(answer.json["files[0].length"].int == content.utf8.count)
        }
    }

    @Test("seeded binary files arrive byte by byte")
    func binary() async throws {
        let random = SeededRandom(seed: 5)
        let alphabet = Array("\r\n--cut\u{0}".utf8) + [0xFF]
        try await withToys { toys in
            for _ in 0..<200 {
                let content = (0..<random.below(400)).map { _ in alphabet[random.below(alphabet.count)] }
                // The one thing a file cannot hold is the whole delimiter.
                guard String(decoding: content, as: UTF8.self).contains("\r\n--cut") == false else { continue }
                let head = Array("--cut\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\n".utf8)
                let answer = try await toys.send(
                    .post, "/api/forms", bytes: head + content + Array("\r\n--cut--".utf8),
                    headers: ["Content-Type": "multipart/form-data; boundary=cut"])
                #expect(answer.json["files[0].length"].int == content.count)
                #expect(answer.json["files[0].sum"].int == content.reduce(0) { $0 + Int($1) })
            }
        }
    }
}
