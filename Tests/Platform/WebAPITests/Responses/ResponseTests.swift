import Testing

@Suite("Answers that are not plain JSON")
struct ResponseTests {
    @Test("a client that has a cached answer gets 304 with the tag and no body")
    func notModified() async throws {
        try await withToys { toys in
            let first = try await toys.get("/api/catalogue")
            let tag = try #require(first.header("ETag"))
            #expect(first.text == "{\"message\":\"Toys for all\"}")
            for field in [tag, "W/\(tag)", "\"other\", \(tag)", "\(tag) , \"other\"", "*"] {
                let again = try await toys.get("/api/catalogue", headers: ["If-None-Match": field])
                #expect(again.status == 304)
                #expect(again.bytes.isEmpty)
                #expect(again.header("ETag") == tag)
                #expect(again.header("Cache-Control") == "public, max-age=60")
                #expect(again.header("Content-Type") == nil)
            }
            for field in ["\"other\"", "", String(tag.dropLast())] {
                #expect(try await toys.get("/api/catalogue", headers: ["If-None-Match": field]).status == 200)
            }
        }
    }

    @Test(
        "a file's name cannot break out of its header",
        arguments: [
            ("report.pdf", "report.pdf", "report.pdf"), ("a%22b%5Cc.pdf", "a_b_c.pdf", "a%22b%5Cc.pdf"),
            ("a%0D%0AX-Evil:%201", "a__X-Evil: 1", "a%0D%0AX-Evil%3A%201"),
            ("%E0%A4%B0.pdf", "_.pdf", "%E0%A4%B0.pdf"), ("%25.pdf", "_.pdf", "%25.pdf"),
        ])
    func fileName(_ query: String, _ plain: String, _ encoded: String) async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/file?name=\(query)")
            #expect(
                answer.header("Content-Disposition") == "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded)"
            )
            #expect(answer.header("X-Evil") == nil)
            #expect(answer.text == "content")
        }
    }

    @Test("a line break in a content type begins no header of its own")
    func contentType() async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/file")
            #expect(answer.header("X-Evil") == nil)
            #expect(answer.header("Content-Type")?.contains { $0.isNewline } == false)
            #expect(answer.header("Cache-Control") == "private, max-age=5")
            #expect(answer.header("Content-Disposition") == nil)
        }
    }

    @Test("a stream arrives whole and in order, without a length")
    func stream() async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/stream")
            #expect(answer.text == "part 0\npart 1\npart 2\n")
            #expect(answer.header("Content-Length") == nil)
        }
    }

    @Test("every field of a response is present, null when it has no value")
    func nulls() async throws {
        try await withToys { toys in
            let answer = try await toys.get("/api/toys/5", as: "patient")
            #expect(answer.text == "{\"id\":5,\"name\":\"Toy\",\"color\":\"RED\",\"price\":0.00,\"madeOn\":null}")
            #expect(answer.header("Content-Type") == "application/json; charset=utf-8")
        }
    }
}
