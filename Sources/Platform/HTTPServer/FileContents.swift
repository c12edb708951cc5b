import Foundation
package import NIOCore
import NIOPosix

/// Files that are sent as they are.
package enum FileContents {
    /// All of a file, read on a thread that may wait for the disk.
    package static func read(_ path: String) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive {
            ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }
}
