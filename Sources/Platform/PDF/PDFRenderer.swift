import CareSyncCore
import Concurrency

/// Makes PDF files on threads of its own, a few at a time.
package struct PDFRenderer: Sendable {
    private let threads: BlockingThreads<Void>

    /// How many documents may wait for their turn.
    private static let queueLimit = 64

    package init(threads count: Int = 2) throws {
        threads = try BlockingThreads(
            name: "pdf", count: count, queueLimit: Self.queueLimit, refusal: { _ in PDFError.busy }, makeScratch: {})
    }

    package func file(of document: PDFDocument) async throws -> PDFFile {
        try PDFLimits.check(document)
        return try await threads.run {
            // Opened on the thread, because loading reads files.
            guard let library = PangoLibrary.shared else { throw PDFError.unavailable }
            return try PDFComposer(document, library: library).file()
        }
    }
}
