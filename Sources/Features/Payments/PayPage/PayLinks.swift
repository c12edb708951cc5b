import CareSyncCore
package import Cryptography
package import FeatureContract

/// The addresses of pages on which something can be paid without signing in. Each has a code that nobody can guess: it is
/// derived from what is paid for and a key that is not in the database.
package struct PayLinks: Sendable {
    /// What a code is about.
    enum Target: Hashable, Sendable {
        case payable(PayableID)
        /// A payment that belongs to nothing.
        case payment(PaymentID)
    }

    private let base: String
    private let hash: KeyedHash

    /// - Parameter linkBase: without a slash at its end.
    package init(_ root: RootSecret, linkBase: String) {
        base = linkBase + "/public/pay/"
        hash = KeyedHash(root.derive(.payLink))
    }

    /// Where a payable is paid.
    package func link(_ payable: PayableID) -> String { base + code(.payable(payable)) }

    func link(_ payment: Payment) -> String { base + code(payment.payable.map(Target.payable) ?? .payment(payment.id)) }

    /// A letter and a number, which say what it is about, and 40 hexadecimal digits that only the server can make.
    func code(_ target: Target) -> String {
        let (letter, number) = Self.parts(target)
        let parts = [letter, String(number)].map { Array($0.utf8) }
        return "\(letter)\(number)-\(Hex.text(hash.code(forParts: parts).prefix(20)))"
    }

    /// `nil` for a code that the server has not made. How long it takes tells nothing of how much of it is right.
    func target(_ code: String) -> Target? {
        guard code.utf8.count <= 64, let dash = code.firstIndex(of: "-"), let letter = code.first,
            let number = Int64(code[..<dash].dropFirst()), number > 0
        else { return nil }
        let found: Target? =
            switch letter {
            case "a": .payable(PayableID(.appointment, number))
            case "l": .payable(PayableID(.labBooking, number))
            case "p": PaymentID(checking: number).map(Target.payment)
            default: nil
            }
        return found.flatMap { constantTimeEquals(Array(self.code($0).utf8), Array(code.utf8)) ? $0 : nil }
    }

    private static func parts(_ target: Target) -> (letter: String, number: Int64) {
        switch target {
        case .payable(let id): (id.kind == .appointment ? "a" : "l", id.number)
        case .payment(let id): ("p", id.rawValue)
        }
    }
}
