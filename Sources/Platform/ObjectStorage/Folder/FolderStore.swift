package import CareSyncCore
import Foundation
import NIOCore

/// Objects as files of a folder, in 256 sub-folders by the beginning of their names. Any number of processes may use it.
///
/// An object is written under another name, flushed, and given its own: it is there as a whole or not at all, also
/// behind a crash. The folder itself is made with its mark and never again: without it, its disk is not mounted.
package struct FolderStore: ObjectStore {
    private let folder: String
    private let threads: FileThreads

    package init(folder: String) {
        self.init(folder: folder, threads: .shared)
    }

    init(folder: String, threads: FileThreads) {
        self.folder = folder
        self.threads = threads
    }

    private var drafts: String { folder + "/drafts" }

    private func shard(_ name: ObjectName) -> String { "\(folder)/\(name.text.prefix(2))" }

    private func path(_ name: ObjectName) -> String { "\(shard(name))/\(name.text)" }

    package func put(_ name: ObjectName, _ content: SpooledFile) async throws {
        try await onThread { store in
            try FolderPath.add(store.drafts)
            try FolderPath.add(store.shard(name))
            try store.place(store.path(name)) { try content.copy(to: $0) }
            try FolderPath.synchronize(store.shard(name))
        }
    }

    /// Writes a file under another name, and gives it its own once it is on disk.
    private func place(_ path: String, _ write: (OpenFile) throws -> Void) throws {
        let name = URL(fileURLWithPath: path).lastPathComponent
        let draft = "\(drafts)/\(name).\(String(UInt64.random(in: .min ... .max), radix: 36))"
        do {
            let file = try OpenFile(draft, O_CREAT | O_EXCL | O_WRONLY, .write)
            try write(file)
            try file.synchronize()
            guard rename(draft, path) == 0 else { throw FileFailure(.write, errno) }
        } catch {
            unlink(draft)
            throw error
        }
    }

    package func get(_ name: ObjectName, range: Range<Int64>?) async throws -> ObjectContent {
        try await onThread { store in
            let file: OpenFile
            do {
                file = try OpenFile(store.path(name), O_RDONLY | O_NOFOLLOW, .read)
            } catch let failure as FileFailure where failure.code == ENOENT {
                throw StorageError.notFound
            }
            let bounds = try ObjectRange(range, of: try file.size()).bounds
            return ObjectContent(
                length: Int64(bounds.count),
                bytes: FolderContent(file: file, bounds: bounds, folder: store.folder, threads: store.threads))
        }
    }

    package func delete(_ name: ObjectName) async throws {
        try await onThread { store in
            guard unlink(store.path(name)) == 0 else {
                if errno == ENOENT { return }
                throw FileFailure(.write, errno)
            }
            try FolderPath.synchronize(store.shard(name))
        }
    }

    package func list(after: ObjectName?, limit: Int) async throws -> [StoredObject] {
        try await onThread { store in
            var found: [StoredObject] = []
            let first = after.map { String($0.text.prefix(2)) } ?? ""
            let shards = try FolderPath.names(in: store.folder).filter { $0.utf8.count == 2 && $0 >= first }
            for shard in shards.sorted() where found.count < limit {
                let names = try FolderPath.names(in: "\(store.folder)/\(shard)").compactMap(ObjectName.init)
                    .filter { name in name.text.hasPrefix(shard) && after.map { $0 < name } ?? true }
                for name in names.sorted() where found.count < limit {
                    if let object = try store.describe(name) { found.append(object) }
                }
            }
            return found
        }
    }

    package func removeDrafts(before instant: Instant) async throws {
        try await onThread { store in
            for name in try FolderPath.names(in: store.drafts) {
                let path = "\(store.drafts)/\(name)"
                guard let status = try store.status(path), status.modified < instant else { continue }
                guard unlink(path) == 0 || errno == ENOENT else { throw FileFailure(.write, errno) }
            }
        }
    }

    package func probe() async throws {
        try await onThread { try FolderPath.check($0.folder) }
    }

    private var markPath: String { "\(folder)/\(StoreMark.name)" }

    package func mark() async throws -> String? {
        try await onThread { store in
            do {
                let file = try OpenFile(store.markPath, O_RDONLY | O_NOFOLLOW, .read)
                return StoreMark.text(try file.read(at: 0, count: StoreMark.longest).readableBytesView)
            } catch let failure as FileFailure where failure.code == ENOENT {
                return nil
            }
        }
    }

    package func setMark(_ text: String) async throws {
        try await onThread { store in
            try FolderPath.make(store.folder)
            try FolderPath.add(store.drafts)
            try store.place(store.markPath) { try $0.write(ByteBuffer(string: text + "\n"), at: 0) }
            try FolderPath.synchronize(store.folder)
        }
    }

    /// `nil` when it has vanished since it was listed.
    private func describe(_ name: ObjectName) throws -> StoredObject? {
        try status(path(name)).map { StoredObject(name: name, size: $0.size, modified: $0.modified) }
    }

    /// `nil` when there is no such plain file.
    private func status(_ path: String) throws -> (size: Int64, modified: Instant)? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw FileFailure(.read, errno)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        let time = status.st_mtim
        let modified = Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
        return (Int64(status.st_size), modified)
    }

    private func onThread<Value: Sendable>(
        _ work: @escaping @Sendable (FolderStore) throws -> Value
    ) async throws -> Value {
        do {
            return try await threads.run { try work(self) }
        } catch let failure as FileFailure {
            throw failure.storageError(folder)
        }
    }
}
