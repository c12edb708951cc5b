/// Looks through a PDF for what it does by itself.
enum PDFReader {
    /// What a browser is not asked to show inline: scripts, programs, other files, forms that send.
    static let activeNames: Set<String> = [
        "JavaScript", "JS", "Launch", "EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA", "GoToE", "SubmitForm",
        "ImportData",
    ]

    /// Also true where it cannot be told, because objects are packed in a way that is not read here.
    static func isActive(_ file: FileSource) async throws -> Bool {
        var scanner = PDFScanner()
        try await file.scan { piece, _ in scanner.read(piece) }
        return scanner.isActive
    }
}

/// Reads the objects of a PDF one after the other, as far as names and streams go.
struct PDFScanner {
    private enum State {
        case objects
        case name([UInt8])
        case word([UInt8])
        case comment
        /// So many brackets are open.
        case text(depth: Int, isEscaped: Bool)
        /// The line break behind the word `stream`.
        case streamStart
        /// Passed over until its end; so much of the word that ends it was seen.
        case stream(matched: Int)
        case packedObjects
    }

    private(set) var isActive = false
    private var state = State.objects
    private let isInside: Bool
    private var isObjectStream = false
    private var filters: [String] = []
    private var hasPredictor = false
    private var inflater: Inflater?
    /// Reads the packed objects of the present stream: one, or none.
    private var inside: [PDFScanner] = []
    /// What packed objects unpack to, in all.
    private var unpackedBytes = 0

    private static let mostUnpacked = 64 << 20
    private static let longestName = 127
    private static let endOfStream = Array("endstream".utf8)

    /// - Parameter isInside: whether these are objects that were packed in a stream, where no further streams are.
    init(isInside: Bool = false) {
        self.isInside = isInside
    }

    mutating func read(_ bytes: [UInt8]) {
        var index = 0
        while index < bytes.count, !isActive {
            switch state {
            case .packedObjects: index += unpack(bytes[index...])
            case .stream(let matched): index += passOver(bytes[index...], matched)
            default:
                step(bytes[index])
                index += 1
            }
        }
    }

    private mutating func step(_ byte: UInt8) {
        switch state {
        case .objects: begin(byte)
        case .name(var name):
            guard Self.isRegular(byte) else {
                end(name: name)
                return begin(byte)
            }
            if name.count < Self.longestName { name.append(byte) }
            state = .name(name)
        case .word(var word):
            guard Self.isRegular(byte) else {
                end(word: word)
                return step(byte)
            }
            if word.count < 16 { word.append(byte) }
            state = .word(word)
        case .comment: if byte == 0x0A || byte == 0x0D { state = .objects }
        case .text(let depth, let isEscaped): text(byte, depth, isEscaped)
        case .streamStart:
            if byte == 0x0A {
                beginStream()
            } else if byte != 0x0D, byte != 0x20 {
                // Objects that do not begin where they should stay unknown.
                if isObjectStream { isActive = true }
                state = .stream(matched: 0)
            }
        case .stream, .packedObjects: break
        }
    }

    /// How many bytes belonged to the stream.
    private mutating func passOver(_ bytes: ArraySlice<UInt8>, _ matched: Int) -> Int {
        let (word, start) = (Self.endOfStream, bytes.startIndex)
        var matched = matched
        for index in bytes.indices {
            matched = bytes[index] == word[matched] ? matched + 1 : bytes[index] == word[0] ? 1 : 0
            guard matched == word.count else { continue }
            state = .objects
            return index - start + 1
        }
        state = .stream(matched: matched)
        return bytes.count
    }

    private mutating func begin(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "/"): state = .name([])
        case UInt8(ascii: "%"): state = isInside ? .objects : .comment
        case UInt8(ascii: "("): state = .text(depth: 1, isEscaped: false)
        default: state = Self.isRegular(byte) ? .word([byte]) : .objects
        }
    }

    private mutating func text(_ byte: UInt8, _ depth: Int, _ isEscaped: Bool) {
        switch byte {
        case _ where isEscaped: state = .text(depth: depth, isEscaped: false)
        case UInt8(ascii: "\\"): state = .text(depth: depth, isEscaped: true)
        case UInt8(ascii: "("): state = .text(depth: depth + 1, isEscaped: false)
        case UInt8(ascii: ")"): state = depth == 1 ? .objects : .text(depth: depth - 1, isEscaped: false)
        default: break
        }
    }

    private mutating func end(name: [UInt8]) {
        state = .objects
        let name = Self.decoded(name)
        if PDFReader.activeNames.contains(name) { isActive = true }
        switch name {
        case "ObjStm": isObjectStream = true
        case "Predictor": hasPredictor = true
        case _ where name.hasSuffix("Decode"): filters.append(name)
        case "Fl", "AHx", "A85", "LZW", "RL": filters.append(name)
        default: break
        }
    }

    private mutating func end(word: [UInt8]) {
        state = .objects
        if isInside { return }
        switch String(decoding: word, as: UTF8.self) {
        case "obj": (isObjectStream, filters, hasPredictor) = (false, [], false)
        case "stream": state = .streamStart
        default: break
        }
    }

    private mutating func beginStream() {
        state = .stream(matched: 0)
        guard isObjectStream else { return }
        // Packed twice, or in another way: what is in it stays unknown.
        guard filters == ["FlateDecode"] || filters == ["Fl"], !hasPredictor, let inflater = Inflater() else {
            isActive = true
            return
        }
        self.inflater = inflater
        inside = [PDFScanner(isInside: true)]
        state = .packedObjects
    }

    /// How many bytes belonged to the packed objects.
    private mutating func unpack(_ bytes: ArraySlice<UInt8>) -> Int {
        guard let inflater, var objects = inside.first else { return bytes.count }
        var count = unpackedBytes
        let used = inflater.read(bytes) { unpacked in
            objects.read(unpacked)
            count += unpacked.count
            return !objects.isActive && count <= Self.mostUnpacked
        }
        // The last name ends with the stream.
        if inflater.isAtEnd { objects.read([0x20]) }
        (unpackedBytes, inside) = (count, inflater.isAtEnd ? [] : [objects])
        if used == nil || objects.isActive { isActive = true }
        if inflater.isAtEnd {
            self.inflater = nil
            state = .stream(matched: 0)
        }
        return used ?? bytes.count
    }

    private static func isRegular(_ byte: UInt8) -> Bool {
        switch byte {
        case 0, 0x09, 0x0A, 0x0C, 0x0D, 0x20, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"), UInt8(ascii: "}"),
            UInt8(ascii: "/"), UInt8(ascii: "%"):
            false
        default: true
        }
    }

    /// `#4A` stands for a byte.
    private static func decoded(_ name: [UInt8]) -> String {
        var (bytes, index): ([UInt8], Int) = ([], 0)
        while index < name.count {
            if name[index] == UInt8(ascii: "#"), index + 2 < name.count,
                let value = UInt8(String(decoding: name[index + 1...index + 2], as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                index += 3
            } else {
                bytes.append(name[index])
                index += 1
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
