import CCurl
import Foundation

/// libcurl, opened when the first mail leaves by SMTP. A server that sends none never holds it in memory.
struct CurlLibrary: Sendable {
    // The addresses of functions, which stay where they are for the life of the process.
    private let initialize: @convention(c) () -> OpaquePointer?
    private let perform: @convention(c) (OpaquePointer) -> CURLcode
    private let retention: @convention(c) (OpaquePointer) -> Void
    private let append: @convention(c) (OpaquePointer?, UnsafePointer<CChar>) -> OpaquePointer?
    private let free: @convention(c) (OpaquePointer?) -> Void
    private let setOption: UInt
    private let getInformation: UInt

    /// `nil` when the library (Debian's `libcurl4`) is not installed.
    static let shared = CurlLibrary()

    private init?() {
        guard let library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL) else { return nil }
        typealias Start = @convention(c) (Int) -> CURLcode
        guard let start = dlsym(library, "curl_global_init"), let initialize = dlsym(library, "curl_easy_init"),
            let perform = dlsym(library, "curl_easy_perform"), let retention = dlsym(library, "curl_easy_cleanup"),
            let append = dlsym(library, "curl_slist_append"), let free = dlsym(library, "curl_slist_free_all"),
            let setOption = dlsym(library, "curl_easy_setopt"),
            let getInformation = dlsym(library, "curl_easy_getinfo"),
            unsafeBitCast(start, to: Start.self)(everything) == CURLE_OK
        else { return nil }
        self.initialize = unsafeBitCast(initialize, to: (@convention(c) () -> OpaquePointer?).self)
        self.perform = unsafeBitCast(perform, to: (@convention(c) (OpaquePointer) -> CURLcode).self)
        self.retention = unsafeBitCast(retention, to: (@convention(c) (OpaquePointer) -> Void).self)
        self.append = unsafeBitCast(
            append, to: (@convention(c) (OpaquePointer?, UnsafePointer<CChar>) -> OpaquePointer?).self)
        self.free = unsafeBitCast(free, to: (@convention(c) (OpaquePointer?) -> Void).self)
        self.setOption = UInt(bitPattern: setOption)
        self.getInformation = UInt(bitPattern: getInformation)
    }

    /// `nil` without memory.
    func transfer() -> CurlTransfer? {
        initialize().map { CurlTransfer(library: self, handle: $0) }
    }

    fileprivate func set(_ handle: OpaquePointer, _ option: CURLoption, _ value: Int) {
        _ = caresync_set_long(UnsafeMutableRawPointer(bitPattern: setOption), raw(handle), option, value)
    }

    fileprivate func set(_ handle: OpaquePointer, _ option: CURLoption, large value: Int) {
        _ = caresync_set_large(UnsafeMutableRawPointer(bitPattern: setOption), raw(handle), option, Int64(value))
    }

    fileprivate func set(_ handle: OpaquePointer, _ option: CURLoption, _ value: String) {
        _ = caresync_set_text(UnsafeMutableRawPointer(bitPattern: setOption), raw(handle), option, value)
    }

    fileprivate func set(_ handle: OpaquePointer, _ option: CURLoption, _ value: UnsafeMutableRawPointer) {
        _ = caresync_set_pointer(UnsafeMutableRawPointer(bitPattern: setOption), raw(handle), option, value)
    }

    fileprivate func set(_ handle: OpaquePointer, reader: curl_read_callback) {
        _ = caresync_set_reader(UnsafeMutableRawPointer(bitPattern: setOption), raw(handle), reader)
    }

    fileprivate func run(_ handle: OpaquePointer) -> (result: CURLcode, response: Int) {
        let result = perform(handle)
        var response = 0
        _ = caresync_response_code(UnsafeMutableRawPointer(bitPattern: getInformation), raw(handle), &response)
        return (result, response)
    }

    fileprivate func list(_ text: String) -> OpaquePointer? { append(nil, text) }

    fileprivate func release(_ list: OpaquePointer?) { free(list) }

    fileprivate func end(_ handle: OpaquePointer) { retention(handle) }

    private func raw(_ handle: OpaquePointer) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(handle) }
}

/// `CURL_GLOBAL_DEFAULT`, which is a macro that Swift does not see: everything.
private let everything = 3

/// One transfer, used by one thread.
final class CurlTransfer {
    private let library: CurlLibrary
    private let handle: OpaquePointer
    private var recipients: OpaquePointer?

    fileprivate init(library: CurlLibrary, handle: OpaquePointer) {
        self.library = library
        self.handle = handle
    }

    deinit {
        library.end(handle)
        library.release(recipients)
    }

    func set(_ option: CURLoption, _ value: Int) { library.set(handle, option, value) }
    func set(_ option: CURLoption, _ value: String) { library.set(handle, option, value) }

    func setRecipient(_ address: String) {
        recipients = library.list(address)
        if let recipients { library.set(handle, CURLOPT_MAIL_RCPT, UnsafeMutableRawPointer(recipients)) }
    }

    /// Runs the transfer with this upload. `response` is the last reply of the server, 0 when there was none.
    func run(uploading upload: CurlUpload) -> (result: CURLcode, response: Int) {
        library.set(handle, CURLOPT_UPLOAD, 1)
        library.set(handle, CURLOPT_INFILESIZE_LARGE, large: upload.count)
        library.set(
            handle,
            reader: { buffer, size, count, context in
                guard let buffer, let context else { return 0 }
                return Unmanaged<CurlUpload>.fromOpaque(context).takeUnretainedValue().read(
                    into: buffer, upTo: size * count)
            })
        return withExtendedLifetime(upload) {
            library.set(handle, CURLOPT_READDATA, Unmanaged.passUnretained(upload).toOpaque())
            return library.run(handle)
        }
    }
}

/// The bytes of an upload, and how far it has come.
final class CurlUpload {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var count: Int { bytes.count }
    /// Whether all of it was handed over: the server may have it from then on.
    var isHandedOver: Bool { position == bytes.count }

    func read(into buffer: UnsafeMutablePointer<CChar>, upTo limit: Int) -> Int {
        let count = min(limit, bytes.count - position)
        bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress, count > 0 else { return }
            UnsafeMutableRawPointer(buffer).copyMemory(from: start + position, byteCount: count)
        }
        position += count
        return count
    }
}
