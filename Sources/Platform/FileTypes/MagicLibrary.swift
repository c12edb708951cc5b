import CMagic
import Concurrency
import Foundation

/// libmagic is not installed, or its tables cannot be read.
package struct NoMagic: Error {}

/// libmagic, opened with the first upload. A server that takes none never holds it in memory.
struct MagicLibrary: Sendable {
    // The addresses of functions, which stay where they are for the life of the process.
    private let open: @convention(c) (Int32) -> magic_t?
    private let load: @convention(c) (magic_t, UnsafePointer<CChar>?) -> Int32
    private let buffer: @convention(c) (magic_t, UnsafeRawPointer?, Int) -> UnsafePointer<CChar>?
    private let close: @convention(c) (magic_t) -> Void

    /// `nil` when the library (Debian's `libmagic1`) is not installed.
    static let shared = MagicLibrary()

    private init?() {
        guard let library = dlopen("libmagic.so.1", RTLD_NOW | RTLD_LOCAL), let open = dlsym(library, "magic_open"),
            let load = dlsym(library, "magic_load"), let buffer = dlsym(library, "magic_buffer"),
            let close = dlsym(library, "magic_close")
        else { return nil }
        self.open = unsafeBitCast(open, to: (@convention(c) (Int32) -> magic_t?).self)
        self.load = unsafeBitCast(load, to: (@convention(c) (magic_t, UnsafePointer<CChar>?) -> Int32).self)
        self.buffer = unsafeBitCast(
            buffer, to: (@convention(c) (magic_t, UnsafeRawPointer?, Int) -> UnsafePointer<CChar>?).self)
        self.close = unsafeBitCast(close, to: (@convention(c) (magic_t) -> Void).self)
    }

    /// The tables, read from the disk.
    func cookie() -> Cookie? {
        guard let handle = open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_TAR | MAGIC_NO_CHECK_ELF)
        else { return nil }
        guard load(handle, nil) == 0 else {
            close(handle)
            return nil
        }
        return Cookie(library: self, handle: handle)
    }

    /// Used by one thread at a time.
    final class Cookie {
        private let library: MagicLibrary
        private let handle: magic_t

        fileprivate init(library: MagicLibrary, handle: magic_t) {
            self.library = library
            self.handle = handle
        }

        deinit { library.close(handle) }

        func contentType(of head: [UInt8]) -> String? {
            head.withUnsafeBytes { library.buffer(handle, $0.baseAddress, $0.count) }.map { String(cString: $0) }
        }
    }
}

/// Asks libmagic, on a thread of its own, because its first answer reads tables from the disk.
struct MagicThread: Sendable {
    private final class Tables {
        private lazy var cookie = MagicLibrary.shared?.cookie()

        func contentType(of head: [UInt8]) throws -> String {
            guard let cookie else { throw NoMagic() }
            return cookie.contentType(of: head) ?? ""
        }
    }

    /// More uploads at a time than this wait nowhere: they are refused.
    private static let mostWaiting = 256
    private let threads: BlockingThreads<Tables>

    init() throws {
        threads = try BlockingThreads(
            name: "file-types", count: 1, queueLimit: Self.mostWaiting, refusal: { _ in NoMagic() },
            makeScratch: { Tables() })
    }

    /// What libmagic takes the beginning of a file for.
    func contentType(of head: [UInt8]) async throws -> String {
        try await threads.run { tables in try tables.contentType(of: head) }
    }
}
