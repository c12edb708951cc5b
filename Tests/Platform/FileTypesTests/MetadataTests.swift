import CareSyncTesting
import Foundation
import Testing

@testable import FileTypes

@Suite("What cameras write into pictures")
struct MetadataTests {
    private static func stripped(_ bytes: [UInt8]) async throws -> [UInt8]? {
        try await FileInspectorTests.inspect(bytes).essence?.flatMap { piece in
            switch piece {
            case .range(let range): Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            case .bytes(let bytes): bytes
            }
        }
    }

    private static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        Data(bytes).range(of: Data(text.utf8)) != nil
    }

    @Test("of a photograph place, texts and appended pictures go; picture, colours and orientation stay")
    func jpeg() async throws {
        let photograph = SampleFiles.cameraJPEG(orientation: 6, tail: SampleFiles.jpeg)
        let left = try #require(try await Self.stripped(photograph))
        #expect(!Self.contains(left, "secret"))
        #expect(Self.contains(left, "ICC_PROFILE"))
        #expect(left.suffix(SampleFiles.jpeg.count - 2).elementsEqual(SampleFiles.jpeg.dropFirst(2)))
        let exif = try #require(Data(left).range(of: Data("Exif".utf8)))
        #expect(CameraData.orientation(in: left[(exif.lowerBound + 6)...]) == 6)
        // Once more there is nothing to take away.
        #expect(try await FileInspectorTests.inspect(left).essence == nil)
    }

    @Test("an upright photograph needs no orientation")
    func upright() async throws {
        let left = try #require(try await Self.stripped(SampleFiles.cameraJPEG(orientation: 1)))
        #expect(!Self.contains(left, "Exif"))
    }

    @Test("of a PNG texts go and the orientation stays")
    func png() async throws {
        let left = try #require(try await Self.stripped(SampleFiles.describedPNG()))
        #expect(!Self.contains(left, "secret"))
        let chunk = try #require(Data(left).range(of: Data("eXIf".utf8)))
        #expect(CameraData.orientation(in: left[chunk.upperBound...]) == 8)
        #expect(try await FileInspectorTests.inspect(left).essence == nil)
    }

    @Test("of an animation comments go")
    func gif() async throws {
        let animation = SampleFiles.joined(
            Array(SampleFiles.gif.prefix(19)), [0x21, 0xFE, 14], Array("secret-comment".utf8), [0],
            Array(SampleFiles.gif.dropFirst(19)))
        let left = try #require(try await Self.stripped(animation))
        #expect(left == SampleFiles.gif)
    }

    @Test("of a WebP descriptions go, and its head tells the truth")
    func webp() async throws {
        let tiff = SampleFiles.tiff(3)
        let body = SampleFiles.joined(
            Array("WEBPVP8X".utf8), [10, 0, 0, 0, 0x0C, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            Array(SampleFiles.webp.dropFirst(12)),
            Array("EXIF".utf8), SampleFiles.little(UInt32(tiff.count)), tiff,
            Array("XMP ".utf8), SampleFiles.little(8), Array("secret!!".utf8))
        let file = SampleFiles.joined(Array("RIFF".utf8), SampleFiles.little(UInt32(body.count)), body)
        let left = try #require(try await Self.stripped(file))
        #expect(!Self.contains(left, "secret"))
        #expect(Self.contains(left, "EXIF"))
        #expect(left[20] == 0x08)
        #expect(left[4..<8].littleEndian + 8 == left.count)
        #expect(try await FileInspectorTests.inspect(left).essence == nil)
    }

    @Test(
        "a picture without any of it stays as it is",
        arguments: [SampleFiles.jpeg, SampleFiles.png, SampleFiles.gif, SampleFiles.webp])
    func untouched(_ bytes: [UInt8]) async throws {
        #expect(try await FileInspectorTests.inspect(bytes).essence == nil)
    }
}
