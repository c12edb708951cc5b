import CareSyncCore

/// One JSON text that has passed the strict scan. It owns the bytes; every value is a range of them.
package final class JSONDocument {
    let bytes: [UInt8]
    /// In the order of the text; the root is the first.
    private(set) var nodes: [JSONNode]

    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONSyntaxError) {
        self.bytes = bytes
        nodes = try bytes.withUnsafeBufferPointer { buffer throws(JSONSyntaxError) in
            var scanner = JSONScanner(buffer, limits: limits)
            do throws(JSONScanner.Fault) {
                try scanner.document()
            } catch {
                throw JSONSyntaxError(message: error.message, path: scanner.path(), byteOffset: error.offset)
            }
            return scanner.nodes
        }
    }

    // MARK: Structure

    func isNull(_ node: Int) -> Bool { nodes[node].kind == .null }

    func count(of node: Int) -> Int { Int(nodes[node].count) }

    /// The value of a member. The search starts at the key found last: keys that are asked for in the order of the text,
    /// as those of a dictionary are, are found at once.
    func member(_ key: String, of object: Int) -> Int? {
        var key = key
        let found = key.withUTF8 { key in
            bytes.withUnsafeBufferPointer { bytes in
                nodes.withUnsafeBufferPointer { Self.search(for: key, object, $0, bytes) }
            }
        }
        guard let found else { return nil }
        nodes[object].cursor = UInt32(found)
        return found + 1
    }

    private static func search(
        for key: UnsafeBufferPointer<UInt8>, _ object: Int, _ nodes: UnsafeBufferPointer<JSONNode>,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        let end = Int(nodes[object].next)
        let first = Int(nodes[object].cursor)
        var candidate = first
        for _ in 0..<nodes[object].count {
            let node = nodes[candidate]
            let text = UnsafeBufferPointer(rebasing: bytes[Int(node.start)..<Int(node.end)])
            let matches =
                node.flag
                ? JSONText.unescaped(text).elementsEqual(key) : text.count == key.count && text.elementsEqual(key)
            if matches { return candidate }
            candidate = Int(nodes[candidate + 1].next)
            if candidate == end { candidate = object + 1 }
        }
        return nil
    }

    func keys(of object: Int) -> [String] {
        var keys: [String] = []
        keys.reserveCapacity(count(of: object))
        var key = object + 1
        for _ in 0..<nodes[object].count {
            keys.append(string(key))
            key = Int(nodes[key + 1].next)
        }
        return keys
    }

    func string(_ node: Int) -> String {
        let node = nodes[node]
        return bytes.withUnsafeBufferPointer {
            JSONText.string($0, Int(node.start)..<Int(node.end), escaped: node.flag)
        }
    }

    /// The characters of a number, which are ASCII.
    func withBytes<Result>(of node: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        let node = nodes[node]
        return try bytes.withUnsafeBufferPointer {
            try body(UnsafeBufferPointer(rebasing: $0[Int(node.start)..<Int(node.end)]))
        }
    }

    // MARK: Paths

    /// The steps from the root to a node, found by walking down the table: paths are needed for failures only, so reading
    /// keeps no record of them.
    func codingPath(to target: Int) -> [any CodingKey] {
        var path: [any CodingKey] = []
        var container = 0
        while container < target, nodes[container].count > 0 {
            let isObject = nodes[container].kind == .object
            var child = container + 1
            var index = 0
            while target >= nodes[isObject ? child + 1 : child].next {
                child = Int(nodes[isObject ? child + 1 : child].next)
                index += 1
            }
            path.append(isObject ? JSONStep.key(string(child)) : JSONStep.index(index))
            container = isObject ? child + 1 : child
        }
        return path
    }

    func failure(at node: Int, _ message: String) -> JSONDecodingFailure {
        failure(codingPath(to: node), message)
    }

    func failure(at node: Int, adding key: String, _ message: String) -> JSONDecodingFailure {
        failure(codingPath(to: node) + [JSONStep.key(key)], message)
    }

    func failure(at node: Int, adding index: Int, _ message: String) -> JSONDecodingFailure {
        failure(codingPath(to: node) + [JSONStep.index(index)], message)
    }

    func failure(_ codingPath: [any CodingKey], _ message: String) -> JSONDecodingFailure {
        var path = JSONPath()
        for step in codingPath {
            if let index = step.intValue { path.append(index: index) } else { path.append(key: step.stringValue) }
        }
        return JSONDecodingFailure(fieldErrors: [FieldError(field: path.description, message: message)])
    }
}
