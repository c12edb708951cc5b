import Foundation

/// Folders whose making survives a crash. The calls block.
enum FolderPath {
    /// Makes a folder, and those above it, unless they are there. Readable by this account only.
    static func make(_ path: String) throws {
        guard mkdir(path, 0o700) != 0 else { return try synchronize(parent(of: path)) }
        switch errno {
        case EEXIST: return
        case ENOENT:
            guard parent(of: path) != path else { throw FileFailure(.write, ENOENT) }
            try make(parent(of: path))
            try make(path)
        default: throw FileFailure(.write, errno)
        }
    }

    /// Makes a folder in one that must be there, unless it is there itself.
    static func add(_ path: String) throws {
        guard mkdir(path, 0o700) != 0 else { return try synchronize(parent(of: path)) }
        guard errno == EEXIST else { throw FileFailure(.write, errno) }
    }

    /// Returns when the names in a folder are on disk.
    static func synchronize(_ path: String) throws {
        try OpenFile(path, O_RDONLY | O_DIRECTORY, .write).synchronize()
    }

    /// What a folder holds, in no order; nothing when there is no such folder.
    static func names(in path: String) throws -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw FileFailure(.read, errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw FileFailure(.read, errno) }
        return names
    }

    /// Whether a folder can be used, or made where it is missing. Writes nothing.
    static func check(_ path: String) throws {
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard errno == ENOENT, parent(of: path) != path else { throw FileFailure(.read, errno) }
            return try check(parent(of: path))
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FileFailure(.read, ENOTDIR) }
        guard access(path, R_OK | W_OK | X_OK) == 0 else { throw FileFailure(.write, errno) }
    }

    private static func parent(of path: String) -> String {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return parent.isEmpty ? "/" : parent
    }
}
