import CareSyncCore
import Foundation
import Testing

@testable import PDF

/// A document as poppler reads it.
struct ReadPDF {
    let text: String
    let information: String
    /// The structure with its texts.
    let structure: String

    init(_ file: PDFFile) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("read-\(UUID().uuidString).pdf").path
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // A file that stays is in nobody's way.
        text = try Self.run("pdftotext", ["-layout", path, "-"])
        information = try Self.run("pdfinfo", [path])
        structure = try Self.run("pdfinfo", ["-struct", path])
    }

    /// The texts of the pages.
    var pages: [String] { text.split(separator: "\u{0C}").map(String.init) }

    struct Failed: Error {
        let program: String
        let status: Int32
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(program: program, status: process.terminationStatus)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

let moment = Instant(seconds: 1_773_115_200)

func document(_ blocks: [PDFBlock], footer: String? = nil) -> PDFDocument {
    PDFDocument(title: "A document", author: "Meera Nair", createdAt: moment, footer: footer, blocks: blocks)
}

func made(_ blocks: [PDFBlock], footer: String? = nil) async throws -> (file: PDFFile, read: ReadPDF) {
    let file = try await PDFRenderer(threads: 1).file(of: document(blocks, footer: footer))
    return (file, try ReadPDF(file))
}
