import CareSyncCore
import CareSyncTesting
import Foundation
import QRImages
import Testing

@testable import PDF

@Suite("PDF documents")
struct PDFTests {
    @Test(
        "a text in any script is shaped, and is read back as it was written",
        arguments: [
            "Paracetamol 500 mg, twice a day – après le repas, größer",
            "रोगी: क्षमा शर्मा, दवा दिन में दो बार, श्री कृष्ण ज्ञान",
            "ওষুধ দিনে দুবার", "மருந்து இரண்டு முறை", "మందు రెండు సార్లు", "ಔಷಧಿ ಎರಡು ಬಾರಿ", "മരുന്ന് രണ്ടു നേരം", "દવા બે વાર",
            "ਦਵਾਈ ਦੋ ਵਾਰ", "Лекарство дважды в день", "Φάρμακο δύο φορές",
        ])
    func scripts(_ text: String) async throws {
        let (file, read) = try await made([.paragraph(PDFText(text))])
        #expect(file.missingGlyphs == 0)
        #expect(read.text.contains(text), "\(read.text)")
    }

    @Test("Arabic is set from right to left")
    func rightToLeft() async throws {
        let (file, read) = try await made([.paragraph("left"), .paragraph("دواء مرتين")])
        #expect(file.missingGlyphs == 0)
        #expect(read.text.contains("دواء"))
        // pdftotext keeps the layout.
        let line = try #require(read.text.split(separator: "\n").first { $0.contains("دواء") })
        #expect(line.hasPrefix("    "))
    }

    @Test("characters without a font are counted")
    func missing() async throws {
        #expect(try await made([.paragraph("\u{E0001}\u{10FFFD}x")]).file.missingGlyphs > 0)
    }

    @Test("the file tells its title, author and time, and its parts are tagged")
    func metadata() async throws {
        let (file, read) = try await made([
            .heading("Prescription", level: 1), .heading("Medicines", level: 2), .paragraph("Rest."),
            .table(PDFTable(columns: [1, 2], header: ["A", "B"], rows: [["one", "two"]])),
        ])
        #expect(file.pageCount == 1)
        #expect(Array(file.bytes.prefix(5)) == Array("%PDF-".utf8))
        for line in ["Title:           A document", "Author:          Meera Nair", "Tagged:          yes", "A4"] {
            #expect(read.information.contains(line), "\(read.information)")
        }
        #expect(read.information.contains("2026"))
        for tag in ["H1", "H2", "P", "Table", "TR", "TH", "TD"] {
            #expect(read.structure.contains(tag), "\(tag): \(read.structure)")
        }
        #expect(read.structure.components(separatedBy: "Table").count == 2)
    }

    @Test("pages are numbered and have the footer")
    func footers() async throws {
        let (file, read) = try await made(
            [.paragraph("one"), .pageBreak, .paragraph("two"), .pageBreak, .paragraph("three")], footer: "At the foot")
        #expect(file.pageCount == 3)
        #expect(read.pages.count == 3)
        for (index, page) in read.pages.enumerated() {
            #expect(page.filter { $0 != " " }.contains("\(index + 1)/3"))
            #expect(page.contains("At the foot"))
        }
    }

    @Test("a long table goes on under its header, and every row is there once")
    func longTable() async throws {
        let rows = (0..<120).map { index -> [PDFCell] in
            ["item\(index)x", .text(PDFText((0...index % 4).map { "line \($0)" }.joined(separator: "\n")))]
        }
        let (file, read) = try await made([
            .paragraph("Before"), .table(PDFTable(columns: [1, 1], header: ["Medicine", "Text"], rows: rows)),
        ])
        #expect(file.pageCount > 3)
        for page in read.pages { #expect(page.contains("Medicine")) }
        for index in 0..<120 { #expect(read.text.components(separatedBy: "item\(index)x").count == 2) }
        // A row that fits on a page is not cut.
        for (index, page) in read.pages.enumerated() {
            let lines = page.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            let first = lines.first { $0.hasPrefix("item") || $0.hasPrefix("line") }
            #expect(first?.hasPrefix("item") == true, "page \(index + 1): \(first ?? "")")
        }
    }

    @Test("a row that is longer than a page is cut between lines, and nothing of it is lost")
    func longRow() async throws {
        let text = (0..<200).map { "word\($0)x" }.joined(separator: "\n")
        let (file, read) = try await made([
            .table(PDFTable(columns: [1, 1], header: ["A", "B"], rows: [[.text(PDFText(text)), "beside"]]))
        ])
        #expect(file.pageCount > 2)
        for index in 0..<200 { #expect(read.text.components(separatedBy: "word\(index)x").count == 2) }
    }

    @Test("a long paragraph goes over pages, a heading stays with its text")
    func longText() async throws {
        let text = (0..<6_000).map { "w\($0)w" }.joined(separator: " ")
        let (file, read) = try await made([
            .paragraph(PDFText(text)), .space(10_000), .heading("Heading", level: 3), .paragraph("below"),
        ])
        #expect(file.pageCount > 5)
        for index in stride(from: 0, to: 6_000, by: 97) { #expect(read.text.contains("w\(index)w")) }
        let last = try #require(read.pages.last)
        #expect(last.contains("Heading") && last.contains("below"))
    }

    @Test("pictures are drawn, made smaller where there is no room, and refused when they are none")
    func pictures() async throws {
        let png = try QRImage("https://clinic.example/public/prescriptions/abc").png(scale: 4)
        let (file, _) = try await made([
            .image(PDFImage(png: png, width: 90)), .image(PDFImage(png: png, width: 9_000)),
            .table(PDFTable(columns: [9, 1], rows: [["text", .image(PDFImage(png: png, width: 500))]])),
        ])
        // The second one takes what is left of the page's width, the third the width of its cell.
        #expect(file.pageCount == 1)
        var huge = png
        huge.replaceSubrange(16..<20, with: [0x7F, 0xFF, 0xFF, 0xFF])
        for bad in [[], Array("GIF89a".utf8), huge] {
            await #expect(throws: PDFError.tooLarge) { try await made([.image(PDFImage(png: bad, width: 90))]) }
        }
        await #expect(throws: PDFError.failed) {
            try await made([.image(PDFImage(png: Array(png.prefix(60)), width: 90))])
        }
    }

    @Test("what a document holds is bounded")
    func bounds() async throws {
        let png = try QRImage("x").png()
        let tooMuch: [[PDFBlock]] = [
            [PDFBlock](repeating: .rule, count: PDFLimits.blocks + 1),
            [.paragraph(PDFText(String(repeating: "a", count: 3 * PDFLimits.characters + 1)))],
            [PDFBlock](repeating: .image(PDFImage(png: png, width: 9)), count: PDFLimits.images + 1),
            [.table(PDFTable(columns: [], rows: []))], [.table(PDFTable(columns: [1, 0], rows: []))],
            [.table(PDFTable(columns: [1], rows: [["a", "b"]]))],
            [.table(PDFTable(columns: [1], rows: [[PDFCell]](repeating: ["a"], count: PDFLimits.cells + 1)))],
            [PDFBlock](repeating: .pageBreak, count: PDFLimits.pages),
        ]
        for blocks in tooMuch {
            await #expect(throws: PDFError.tooLarge) { try await PDFRenderer(threads: 1).file(of: document(blocks)) }
        }
    }

    @Test("no text makes it stumble")
    func hostile() async throws {
        let texts = [
            "", " ", "\n\n\n", "a\u{0}b", "\u{7}\u{1B}[0m", "\u{202E}abc\u{202C}", "\u{200D}\u{200C}",
            String(repeating: "x", count: 2_000), String(repeating: "\u{301}", count: 500), "\u{FFFF}\u{FFFE}",
            "<b>no markup</b> &amp;", "%PDF endobj (\\)", "\r\nline\rline",
        ]
        let blocks = texts.flatMap { text -> [PDFBlock] in
            [
                .paragraph(PDFText(text)), .heading(text, level: 9),
                .table(
                    PDFTable(columns: [1, 5], header: [text], rows: [[.text(PDFText(text)), .text(PDFText(text))]])),
            ]
        }
        let (file, read) = try await made(blocks, footer: "a\u{0}\nfooter")
        #expect(file.pageCount > 1)
        #expect(read.text.contains("<b>no markup</b> &amp;"))
        #expect(read.text.contains("ab"))
    }

    @Test("many at a time come out alike")
    func parallel() async throws {
        let renderer = try PDFRenderer(threads: 4)
        let blocks: [PDFBlock] = [.heading("दवा", level: 1), .paragraph("দিনে দুবার"), .paragraph("دواء")]
        let files = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<24 { group.addTask { try await renderer.file(of: document(blocks)).bytes } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(files.map(\.count)).count == 1)
        #expect(Set(files).count == 1)
    }
}
