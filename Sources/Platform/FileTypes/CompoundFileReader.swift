/// Looks into the directory of a compound file, the container of old Office documents.
enum CompoundFileReader {
    private static let lastSector = 0xFFFF_FFFA
    private static let entryBytes = 128
    /// Sectors of a directory, and of the list of tables in a large file.
    private static let longestChain = 4_096

    /// Refuses what is not a Word document: workbooks, installers and others have the same container.
    static func requireWordDocument(_ file: FileSource) async throws {
        let head = try await file.exactly(512, from: 0)
        let shift = head[30..<32].littleEndian
        guard shift == 9 || shift == 12 else { throw FileRefusal.malformed }
        let tables = try await tables(file, head, shift)
        var sector = head[48..<52].littleEndian
        for _ in 0..<longestChain {
            let content = try await file.exactly(1 << shift, from: Int64(sector + 1) << Int64(shift))
            for start in stride(from: 0, to: content.count, by: entryBytes)
            where name(content[start..<start + entryBytes]) == "WordDocument" {
                return
            }
            guard let next = try await self.next(of: sector, file, tables, shift) else { break }
            sector = next
        }
        throw FileRefusal.unsupported
    }

    private static func name(_ entry: ArraySlice<UInt8>) -> String {
        let entry = Array(entry)
        let count = entry[64..<66].littleEndian
        guard (2...64).contains(count) else { return "" }
        let units = stride(from: 0, to: count - 2, by: 2).map { UInt16(entry[$0]) | UInt16(entry[$0 + 1]) << 8 }
        return String(decoding: units, as: UTF16.self)
    }

    /// The sectors of the allocation table: 109 in the head, those of large files in a chain behind it.
    private static func tables(_ file: FileSource, _ head: [UInt8], _ shift: Int) async throws -> [Int] {
        var tables = numbers(head[76..<512])
        var sector = head[68..<72].littleEndian
        for _ in 0..<longestChain where sector < lastSector {
            let content = try await file.exactly(1 << shift, from: Int64(sector + 1) << Int64(shift))
            tables += numbers(content.dropLast(4))
            sector = content.suffix(4).littleEndian
        }
        return tables
    }

    private static func numbers(_ bytes: ArraySlice<UInt8>) -> [Int] {
        stride(from: bytes.startIndex, to: bytes.endIndex - 3, by: 4).map { bytes[$0..<$0 + 4].littleEndian }
    }

    private static func next(of sector: Int, _ file: FileSource, _ tables: [Int], _ shift: Int) async throws -> Int? {
        let perTable = (1 << shift) / 4
        guard sector / perTable < tables.count else { throw FileRefusal.malformed }
        let table = tables[sector / perTable]
        guard table < lastSector else { throw FileRefusal.malformed }
        let place = (Int64(table + 1) << Int64(shift)) + Int64(4 * (sector % perTable))
        let next = try await file.exactly(4, from: place).littleEndian
        return next < lastSector ? next : nil
    }
}
