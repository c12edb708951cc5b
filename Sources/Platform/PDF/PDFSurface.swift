import CareSyncCore

/// A PDF file while it is written, used by one thread. Coordinates are points from the upper left corner.
final class PDFSurface {
    let library: PangoLibrary
    /// Draws on the page that is shown next.
    let context: OpaquePointer
    private let surface: OpaquePointer
    private let sink: Sink
    private var isFinished = false

    /// What cairo has written; more than the limit is refused.
    private final class Sink {
        var bytes: [UInt8] = []

        func write(_ data: UnsafePointer<UInt8>?, _ count: UInt32) -> Int32 {
            guard bytes.count + Int(count) <= PDFLimits.bytes else { return CairoStatus.writeError }
            bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
            return CairoStatus.success
        }
    }

    init(library: PangoLibrary, width: Double, height: Double) throws(PDFError) {
        self.library = library
        sink = Sink()
        let surface = library.createSurface(
            { target, data, count in
                guard let target else { return CairoStatus.writeError }
                return Unmanaged<Sink>.fromOpaque(target).takeUnretainedValue().write(data, count)
            }, Unmanaged.passUnretained(sink).toOpaque(), width, height)
        guard let surface, let context = library.create(surface) else { throw .failed }
        self.surface = surface
        self.context = context
    }

    deinit {
        library.destroy(context)
        // Before the sink goes: what is still unwritten is written to it.
        if !isFinished { library.finishSurface(surface) }
        library.destroySurface(surface)
    }

    func describe(_ document: PDFDocument) {
        set(.title, document.title)
        if let author = document.author { set(.author, author) }
        set(.creator, "CareSync")
        set(.created, Instant(seconds: document.createdAt.seconds).description)
    }

    /// The file; nothing can be drawn any more.
    func finish() throws(PDFError) -> [UInt8] {
        library.finishSurface(surface)
        isFinished = true
        let status = library.surfaceStatus(surface)
        guard status != CairoStatus.writeError else { throw .tooLarge }
        guard status == CairoStatus.success, library.status(context) == CairoStatus.success else { throw .failed }
        return sink.bytes
    }

    private enum Metadata: Int32 {
        case title = 0
        case author = 1
        case creator = 4
        case created = 5
    }

    private func set(_ field: Metadata, _ text: String) {
        library.setMetadata(surface, field.rawValue, PDFTextLayout.printable(text))
    }
}

enum CairoStatus {
    static let success: Int32 = 0
    static let readError: Int32 = 10
    static let writeError: Int32 = 11
}

/// A picture in memory.
final class PDFPicture {
    private let library: PangoLibrary
    private let surface: OpaquePointer
    let width: Double
    let height: Double

    /// The bytes that are read, and how far.
    private final class Source {
        var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) {
            rest = bytes[...]
        }

        func read(_ target: UnsafeMutablePointer<UInt8>?, _ count: UInt32) -> Int32 {
            guard let target, rest.count >= Int(count) else { return CairoStatus.readError }
            for (index, byte) in rest.prefix(Int(count)).enumerated() { target[index] = byte }
            rest = rest.dropFirst(Int(count))
            return CairoStatus.success
        }
    }

    init(_ image: PDFImage, library: PangoLibrary) throws(PDFError) {
        guard Self.isSmall(image.png) else { throw .tooLarge }
        let source = Source(image.png)
        let surface = withExtendedLifetime(source) {
            library.readImage(
                { target, data, count in
                    guard let target else { return CairoStatus.readError }
                    return Unmanaged<Source>.fromOpaque(target).takeUnretainedValue().read(data, count)
                }, Unmanaged.passUnretained(source).toOpaque())
        }
        guard let surface else { throw .failed }
        guard library.surfaceStatus(surface) == CairoStatus.success else {
            library.destroySurface(surface)
            throw .failed
        }
        self.library = library
        self.surface = surface
        width = Double(library.imageWidth(surface))
        height = Double(library.imageHeight(surface))
    }

    deinit { library.destroySurface(surface) }

    func draw(on target: PDFSurface, x: Double, y: Double, width shown: Double) {
        let context = target.context
        library.save(context)
        library.translate(context, x, y)
        library.scale(context, shown / width, shown / width)
        library.setSource(context, surface, 0, 0)
        // Sharp edges, as codes need them.
        if let pattern = library.source(context) { library.setFilter(pattern, Self.nearest) }
        library.paint(context)
        library.restore(context)
    }

    /// Of cairo's filters, the one that mixes no pixels.
    private static let nearest: Int32 = 3

    /// The sides stand in the header, so nothing is unpacked to learn them.
    private static func isSmall(_ png: [UInt8]) -> Bool {
        guard png.count > 24, png.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] else { return false }
        func number(at index: Int) -> Int { png[index..<index + 4].reduce(0) { $0 << 8 | Int($1) } }
        return [16, 20].allSatisfy { (1...PDFLimits.imageSide).contains(number(at: $0)) }
    }
}
