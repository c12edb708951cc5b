import CareSyncCore
import PDF

/// What a receipt says. It names the payer, so it is never logged or cached.
struct Receipt: Sendable, Equatable {
    /// Money that went back.
    struct Refund: Sendable, Equatable {
        let amount: Money
        let date: LocalDate
    }

    let number: Int64
    let transactionID: String
    let payer: String
    let description: String
    let amount: Money
    let paidAt: LocalDateTime
    /// Such as `UPI, asha@bank`.
    let method: String
    /// The vendor's, or the bank's reference of what was entered by hand.
    let reference: String?
    let refunds: [Refund]

    var refunded: Money { refunds.reduce(.zero) { $0 + $1.amount } }
}

extension Receipt {
    /// - Parameter now: when the file is made.
    func document(at now: Instant) -> PDFDocument {
        let title = "Receipt \(ReceiptNumber.text(number))"
        var blocks: [PDFBlock] = [
            .heading(title, level: 1), .paragraph("CareSync"), .rule,
            .table(PDFTable(columns: [1, 3], rows: facts, hasLines: false)), .heading("Payment", level: 2),
            .table(PDFTable(columns: [4, 1], header: ["Description", "Amount in INR"], rows: amounts)),
        ]
        if !refunds.isEmpty {
            blocks += [
                .heading("Refunds", level: 2),
                .table(PDFTable(columns: [4, 1], header: ["Date", "Amount in INR"], rows: returned)),
            ]
        }
        blocks.append(.paragraph(PDFText("Made by a computer; valid without a signature.", size: 8)))
        return PDFDocument(
            title: title, author: "CareSync", createdAt: now, footer: "\(title), \(paidAt.date)", blocks: blocks)
    }

    private var facts: [[PDFCell]] {
        let rows: [(String, String?)] = [
            ("Received from", payer), ("Date", "\(paidAt.date) \(paidAt.time.clock)"), ("Paid by", method),
            ("Transaction", transactionID), ("Reference", reference),
        ]
        return rows.compactMap { name, value in
            value.map { [.text(PDFText(name, isBold: true)), .text(PDFText($0))] }
        }
    }

    private var amounts: [[PDFCell]] {
        [
            [.text(PDFText(description)), Self.cell(amount)],
            [.text(PDFText("Total", isBold: true)), Self.cell(amount, isBold: true)],
        ]
    }

    private var returned: [[PDFCell]] {
        refunds.map { [.text(PDFText("\($0.date)")), Self.cell($0.amount)] } + [
            [.text(PDFText("Total given back", isBold: true)), Self.cell(refunded, isBold: true)],
            [.text(PDFText("Kept", isBold: true)), Self.cell(amount - refunded, isBold: true)],
        ]
    }

    private static func cell(_ amount: Money, isBold: Bool = false) -> PDFCell {
        .text(PDFText("\(amount)", isBold: isBold, alignment: .end))
    }
}

extension LocalTime {
    /// `HH:mm`.
    fileprivate var clock: String { String(description.prefix(5)) }
}
