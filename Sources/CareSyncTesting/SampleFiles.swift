import Foundation

/// Small real files of every kind that the product takes, and parts to build others from.
package enum SampleFiles {
    /// One pixel.
    package static let png = decoded(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
    package static let gif = decoded("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
    package static let webp = decoded("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
    package static let jpeg = decoded(
        """
        /9j/4AAQSkZJRgABAQEAYABgAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgy
        PC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/wAARCAABAAEDASIA
        AhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAf/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAAAAX/xAAUEQEAAAAA
        AAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCdABmX/9k=
        """)

    private static func decoded(_ text: String) -> [UInt8] {
        Array(Data(base64Encoded: text, options: .ignoreUnknownCharacters) ?? Data())
    }

    /// - Parameter object: the content of one more object.
    package static func pdf(_ object: String = "<< /Type /Note >>", padding: Int = 0) -> [UInt8] {
        let text = """
            %PDF-1.4
            1 0 obj
            << /Type /Catalog /Pages 2 0 R >>
            endobj
            2 0 obj
            << /Type /Pages /Kids [] /Count 0 >>
            endobj
            3 0 obj
            \(object)
            endobj
            4 0 obj
            << /Length \(padding) >>
            stream
            \(String(repeating: "x", count: padding))
            endstream
            endobj
            trailer
            << /Root 1 0 R >>
            startxref
            0
            %%EOF

            """
        return Array(text.utf8)
    }

    /// An entry of an archive, stored as it is. `claimed` is what the directory says it unpacks to.
    package struct Entry {
        let name: String
        let content: [UInt8]
        let claimed: UInt32

        package init(_ name: String, _ content: String = "x", claimed: UInt32? = nil) {
            self.name = name
            self.content = Array(content.utf8)
            self.claimed = claimed ?? UInt32(content.utf8.count)
        }
    }

    package static let docxEntries = [
        Entry("[Content_Types].xml", "<Types/>"), Entry("_rels/.rels", "<Relationships/>"),
        Entry("word/document.xml", "<document/>"),
    ]
    package static let docx = zip(docxEntries)

    package static func zip(_ entries: [Entry]) -> [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for entry in entries {
            let name = Array(entry.name.utf8)
            let sizes = little(UInt32(entry.content.count)) + little(entry.claimed)
            let common = joined(
                [20, 0, 0, 0, 0, 0, 0, 0, 0, 0], little(0), sizes, short(UInt16(name.count)), [0, 0])
            let offset = little(UInt32(file.count))
            file += joined([0x50, 0x4B, 3, 4], common, name, entry.content)
            directory += joined([0x50, 0x4B, 1, 2, 20, 0], common, zeros(10), offset, name)
        }
        let count = short(UInt16(entries.count))
        return joined(
            file, directory, [0x50, 0x4B, 5, 6, 0, 0, 0, 0], count, count, little(UInt32(directory.count)),
            little(UInt32(file.count)), [0, 0])
    }

    /// A compound file with one table, one folder of entries and nothing in them.
    package static func compound(_ names: [String] = ["Root Entry", "WordDocument"]) -> [UInt8] {
        let head = joined(
            [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], zeros(16),
            [0x3E, 0, 3, 0, 0xFE, 0xFF, 9, 0, 6, 0], zeros(10), little(1), little(1), little(0), little(4096),
            little(0xFFFF_FFFE), little(0), little(0xFFFF_FFFE), little(0), little(0),
            [UInt8](repeating: 0xFF, count: 4 * 108))
        let table = joined(little(0xFFFF_FFFD), little(0xFFFF_FFFE), [UInt8](repeating: 0xFF, count: 4 * 126))
        let entries = names.prefix(4).flatMap { name -> [UInt8] in
            let text = name.utf16.flatMap(short)
            let kind: UInt8 = name == "Root Entry" ? 5 : 2
            return joined(text, zeros(64 - text.count), short(UInt16(text.count + 2)), [kind, 1], zeros(60))
        }
        return joined(head, table, entries, zeros(512 - entries.count))
    }

    package static let doc = compound()

    /// A JPEG with what a camera writes: orientation, place, a description, a profile of colours.
    package static func cameraJPEG(orientation: UInt8 = 6, tail: [UInt8] = []) -> [UInt8] {
        let place = "http://ns.adobe.com/xap/1.0/\u{0}<x:xmpmeta>secret-place</x:xmpmeta>"
        return joined(
            Array(jpeg.prefix(2)), segment(0xE1, Array("Exif\u{0}\u{0}".utf8) + tiff(orientation)),
            segment(0xE1, Array(place.utf8)), segment(0xFE, Array("secret-comment".utf8)),
            segment(0xE2, Array("ICC_PROFILE\u{0}colours".utf8)), Array(jpeg.dropFirst(2)), tail)
    }

    /// A segment of a JPEG.
    package static func segment(_ marker: UInt8, _ content: [UInt8]) -> [UInt8] {
        joined([0xFF, marker], short(UInt16(content.count + 2)).reversed(), content)
    }

    /// An orientation, and a text where cameras put the place.
    package static func tiff(_ orientation: UInt8) -> [UInt8] {
        joined(
            Array("II".utf8), [42, 0], little(8), [2, 0, 0x12, 0x01, 3, 0], little(1), [orientation, 0, 0, 0],
            [0x0E, 0x01, 2, 0], little(12), little(38), little(0), Array("secret-gps!\u{0}".utf8))
    }

    /// A PNG with chunks of text between head and picture.
    package static func describedPNG() -> [UInt8] {
        joined(
            Array(png.prefix(33)), chunk("tEXt", Array("Comment\u{0}secret-comment".utf8)), chunk("eXIf", tiff(8)),
            Array(png.dropFirst(33)))
    }

    /// A chunk of a PNG; its check sum is left zero, which readers of chunks do not look at.
    package static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        joined(little(UInt32(content.count)).reversed(), Array(type.utf8), content, zeros(4))
    }

    package static func joined(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

    package static func little(_ number: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static func short(_ number: UInt16) -> [UInt8] { [UInt8(truncatingIfNeeded: number), UInt8(number >> 8)] }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
