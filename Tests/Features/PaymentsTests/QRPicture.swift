import QRImages

/// What a text looks like as a QR code.
enum QRPicture {
    static func svg(_ text: String) throws -> String { try QRImage(text).svg }
    static func png(_ text: String) throws -> [UInt8] { try QRImage(text).png(scale: 8) }
}
