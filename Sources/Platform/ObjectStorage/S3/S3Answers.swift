import CareSyncCore
import Foundation
import HTTPClient
import NIOCore

/// An answer that is not what was asked for.
struct S3Refusal {
    let status: Int
    /// The store's own word, such as `AccessDenied`; it may be missing.
    let code: String?

    init(_ answer: WebResponse) async {
        status = answer.status
        let body = try? await answer.collect(upTo: 65_536)  // Its text only explains; the status decides.
        let document = body.flatMap { try? XMLText.parse($0) }
        let code = document?.name == "Error" ? document?.text(of: "Code") : nil
        self.code = code.flatMap { Self.isWord($0) ? $0 : nil }
    }

    /// The object is not there; a bucket that is not there is a mistake of the configuration.
    var isMissing: Bool { status == 404 && (code == nil || code == "NoSuchKey") }

    var storageError: StorageError {
        if status == 416 { return ObjectRange.tooShort }
        let word = code.map { " \($0)" } ?? ""
        switch (status, code) {
        case (301, _), (302, _), (307, _), (308, _):
            return .unavailable("The object store answers \(status)\(word): endpoint or region is wrong.")
        case (_, "RequestTimeTooSkewed"):
            return .unavailable("The object store answers \(status)\(word): the clock of this machine is wrong.")
        default:
            return .unavailable("The object store answers \(status)\(word).")
        }
    }

    /// Nothing else of an answer gets into a log.
    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

/// One page of a bucket's list.
struct S3List {
    /// A thousand keys of a kilobyte each, with what stands around them.
    static let largest = 4 << 20

    private struct Entry {
        let key: String
        let size: Int64
        let modified: Instant
    }

    private let entries: [Entry]
    let isTruncated: Bool
    var lastKey: String? { entries.last?.key }

    init(_ bytes: ByteBuffer) throws {
        let mistake = StorageError.unavailable("The object store does not answer as S3 does: check the endpoint.")
        do {
            let document = try XMLText.parse(bytes)
            guard document.name == "ListBucketResult" else { throw mistake }
            isTruncated = document.text(of: "IsTruncated") == "true"
            entries = try document.children.filter { $0.name == "Contents" }.map { object in
                guard let key = object.text(of: "Key"), let size = object.text(of: "Size").flatMap({ Int64($0) }),
                    let modified = object.text(of: "LastModified").flatMap(Self.instant)
                else { throw mistake }
                return Entry(key: key, size: size, modified: modified)
            }
        } catch is XMLText.Mistake {
            throw mistake
        }
    }

    /// Those that are named as ours.
    func objects(prefix: String) -> [StoredObject] {
        entries.compactMap { entry in
            guard entry.key.hasPrefix(prefix), let name = ObjectName(String(entry.key.dropFirst(prefix.count))) else {
                return nil
            }
            return StoredObject(name: name, size: entry.size, modified: entry.modified)
        }
    }

    private static func instant(_ text: String) -> Instant? {
        try? JSONDecoder().decode(Instant.self, from: Data("\"\(text)\"".utf8))  // What is wrong is told by the caller.
    }
}
