import CareSyncTesting
import Testing

@testable import FileTypes

@Suite("What a file is")
struct FileInspectorTests {
    private static let inspector = Result { try FileInspector() }

    static func inspect(_ bytes: [UInt8]) async throws -> FileInspection {
        try await inspector.get().inspect(FileSource(bytes))
    }

    private static let good: [(FileKind, [UInt8])] = [
        (.png, SampleFiles.png), (.jpeg, SampleFiles.jpeg), (.gif, SampleFiles.gif), (.webp, SampleFiles.webp),
        (.pdf, SampleFiles.pdf()), (.doc, SampleFiles.doc), (.docx, SampleFiles.docx),
    ]

    @Test("every kind is known by its bytes", arguments: good)
    func kinds(_ kind: FileKind, _ bytes: [UInt8]) async throws {
        let found = try await Self.inspect(bytes)
        #expect(found == FileInspection(kind: kind, isActive: false, essence: nil))
        #expect(FileKind(contentType: kind.contentType) == kind)
    }

    private static let others: [String: [UInt8]] = [
        "nothing": [], "text": Array("hello".utf8), "page": Array("<html><script>x</script>".utf8),
        "drawing": Array(#"<svg xmlns="http://www.w3.org/2000/svg"/>"#.utf8),
        "program": Array("MZ".utf8) + [UInt8](repeating: 0, count: 200),
        "script": Array("#!/bin/sh\necho".utf8), "bitmap": Array("BM".utf8) + [UInt8](repeating: 0, count: 60),
        "page before a PDF": Array("<html>".utf8) + SampleFiles.pdf(),
        "archive": SampleFiles.zip([SampleFiles.Entry("readme.txt")]),
        "workbook": SampleFiles.zip([SampleFiles.Entry("[Content_Types].xml"), SampleFiles.Entry("xl/workbook.xml")]),
        "old workbook": SampleFiles.compound(["Root Entry", "Workbook"]),
        "head of a PNG": Array(SampleFiles.png.prefix(8)),
        "head of an archive": [0x50, 0x4B, 3, 4], "head of a compound file": Array(SampleFiles.doc.prefix(8)),
    ]

    @Test("everything else is refused", arguments: others.keys.sorted())
    func otherKinds(_ name: String) async throws {
        let bytes = try #require(Self.others[name])
        await #expect(throws: FileRefusal.self) { try await Self.inspect(bytes) }
    }

    private static let twofold: [String: [UInt8]] = [
        "picture and archive": SampleFiles.png + SampleFiles.docx,
        "photograph and archive": SampleFiles.jpeg + SampleFiles.docx,
        "animation and archive": SampleFiles.gif + SampleFiles.docx,
        "PDF and archive": SampleFiles.pdf() + SampleFiles.docx,
        "picture and page": SampleFiles.png + Array("<html><script>alert(1)</script>".utf8),
        "photograph with a page in it": SampleFiles.joined(
            Array(SampleFiles.jpeg.prefix(2)), SampleFiles.segment(0xFE, Array("<SCRIPT>".utf8)),
            Array(SampleFiles.jpeg.dropFirst(2))),
        "photograph and program": SampleFiles.jpeg + Array("#!/bin/sh\nrm -r /".utf8),
        "PDF that begins with a page": Array("%PDF-1.4\n<!DOCTYPE html><script>x</script>\n".utf8)
            + SampleFiles.pdf().dropFirst(9),
        "archive with a PDF in front": SampleFiles.zip(
            [SampleFiles.Entry("[Content_Types].xml", "%PDF-1.4")] + SampleFiles.docxEntries),
        "animation and script": Array("GIF89a/*".utf8) + Array("*/=1;alert(1)".utf8),
    ]

    @Test("a file that is two things at once is refused", arguments: twofold.keys.sorted())
    func polyglots(_ name: String) async throws {
        let bytes = try #require(Self.twofold[name])
        await #expect(throws: FileRefusal.malformed) { try await Self.inspect(bytes) }
    }

    @Test("documents whose directory promises to fill a memory are refused without unpacking")
    func bombs() async throws {
        for claims in [[UInt32(200 << 20)], [60 << 20, 60 << 20], [2 << 20], [UInt32.max]] {
            let entries = claims.map { SampleFiles.Entry("word/media.bin", "x", claimed: $0) }
            await #expect(throws: FileRefusal.bomb) {
                try await Self.inspect(SampleFiles.zip(SampleFiles.docxEntries + entries))
            }
        }
        let small = (0..<200).map { SampleFiles.Entry("word/\($0)", "x", claimed: 1_000) }
        await #expect(throws: FileRefusal.bomb) {
            try await Self.inspect(SampleFiles.zip(SampleFiles.docxEntries + small))
        }
        // A few small parts may be nearly empty.
        let one = [SampleFiles.Entry("word/styles.xml", String(repeating: "x", count: 500), claimed: 40_000)]
        #expect(try await Self.inspect(SampleFiles.zip(SampleFiles.docxEntries + one)).kind == .docx)
    }

    @Test("a picture that would need gigabytes to show is refused")
    func hugePictures() async throws {
        var png = SampleFiles.png
        png.replaceSubrange(16..<24, with: [0, 0, 0x70, 0, 0, 0, 0x70, 0])
        await #expect(throws: FileRefusal.bomb) { try await Self.inspect(png) }
    }

    @Test("a file that is cut off anywhere is refused or known, and nothing worse happens")
    func truncated() async throws {
        for (kind, bytes) in Self.good {
            for length in 0..<bytes.count {
                do {
                    #expect(try await Self.inspect(Array(bytes[..<length])).kind == kind)
                } catch is FileRefusal {}
            }
        }
    }

    @Test("seeded damage is refused or harmless")
    func fuzz() async throws {
        let random = SeededRandom(seed: 7)
        for round in 0..<TestLength.choose(short: 400, long: 20_000) {
            let (_, bytes) = Self.good[round % Self.good.count]
            var damaged = bytes
            for _ in 0...random.below(4) { damaged[random.below(damaged.count)] = UInt8(random.below(256)) }
            do { _ = try await Self.inspect(damaged) } catch is FileRefusal {}
        }
    }

    @Test(
        "a name may not claim another kind",
        arguments: [
            ("scan.pdf", true), ("scan.PDF", true), ("scan", true), ("v1.2", true), ("Dr. Rao", true),
            ("scan.png", false), ("scan.pdf.exe", false), ("scan.html", false), ("स्कैन.pdf", true),
        ])
    func names(_ name: String, _ fits: Bool) {
        #expect(FileKind.pdf.fits(name: name) == fits)
    }

    private static let active: [String: String] = [
        "script": "<< /S /JavaScript /JS (app.alert\\(1\\)) >>", "written otherwise": "<< /S /Java#53cript >>",
        "program": "<</S/Launch/F(x)>>", "file inside": "<< /Type /EmbeddedFile >>", "form": "<< /XFA 5 0 R >>",
        "objects packed in an unknown way": "<< /Type /ObjStm /Filter /LZWDecode >>\nstream\nxxx\nendstream",
        "broken packed objects": "<< /Type /ObjStm /Filter /FlateDecode >>\nstream\nxxx\nendstream",
    ]

    @Test("a PDF that does something by itself is known as one", arguments: active.keys.sorted())
    func activePDF(_ name: String) async throws {
        let object = try #require(Self.active[name])
        #expect(try await Self.inspect(SampleFiles.pdf(object)).isActive)
    }

    @Test(
        "words that only look like it are harmless",
        arguments: [
            "<< /Title (about /JavaScript) >>", "% /JavaScript\n<< /A 1 >>", "<< /JSON 1 >>",
            "<< /Length 20 >>\nstream\n /JS /JavaScript \nendstream",
        ])
    func harmlessPDF(_ object: String) async throws {
        #expect(try await !Self.inspect(SampleFiles.pdf(object)).isActive)
    }

    @Test("what is packed in object streams is looked at, however it is cut")
    func packedObjects() async throws {
        for (text, isActive) in [("<< /S /JavaScript >>", true), ("<< /S /GoTo /Title (x) >>", false)] {
            let packed = try #require(Self.packed(Array(text.utf8)))
            let file = SampleFiles.joined(
                Array("%PDF-1.5\n1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode >>\nstream\n".utf8),
                packed,
                Array("\nendstream\nendobj\n%%EOF\n".utf8))
            for cut in 1..<file.count {
                var scanner = PDFScanner()
                scanner.read(Array(file[..<cut]))
                scanner.read(Array(file[cut...]))
                #expect(scanner.isActive == isActive)
            }
        }
    }

    /// As zlib writes it, in one stored block.
    private static func packed(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count < 65_536 else { return nil }
        let (low, high) = (UInt8(bytes.count & 0xFF), UInt8(bytes.count >> 8))
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        let sum: [UInt8] = SampleFiles.little(b << 16 | a).reversed()
        return SampleFiles.joined([0x78, 0x01, 0x01, low, high, ~low, ~high], bytes, sum)
    }
}
