/// Which part of a list is asked for. Without a size a list is whole, up to ``hardLimit`` rows
/// (rules/lists-and-paging 3).
package struct PageRequest: Sendable, Equatable {
    package static let maximumSize = 100
    /// Rows of a page when only its number is given.
    package static let standardSize = 20
    package static let hardLimit = 500
    package static let maximumPage = 1_000_000

    package let page: Int
    package let size: Int
    /// Whether the client asked for pages and so needs the total.
    package let isPaged: Bool

    /// `page` counts from 0; either value alone asks for pages, of 20 rows when no size is named.
    package init(page: Int?, size: Int?) {
        isPaged = page != nil || size != nil
        self.page = page ?? 0
        self.size = size ?? (isPaged ? Self.standardSize : Self.hardLimit)
    }

    package static let whole = PageRequest(page: nil, size: nil)

    package var offset: Int { page * size }

    /// Rows to fetch: one more than shown when the list is whole, to see that it was cut.
    package var limit: Int { isPaged ? size : size + 1 }
}

/// A part of a list.
package struct Page<Item: Sendable>: Sendable {
    package let items: [Item]
    /// Rows of the whole list, when the client asked for pages.
    package let total: Int?
    /// Whether an unpaged list was cut at the hard limit.
    package let isTruncated: Bool

    /// `fetched` holds up to `request.limit` rows.
    package init(fetched: [Item], request: PageRequest, total: Int?) {
        isTruncated = !request.isPaged && fetched.count > request.size
        items = isTruncated ? Array(fetched.prefix(request.size)) : fetched
        self.total = request.isPaged ? total : nil
    }

    /// An unpaged list that is cut at both ends when it is long, so that the rows around a point stay: half on either
    /// side, or more where the other side has fewer.
    ///
    /// - Parameters:
    ///   - before: what precedes the point, the nearest first; up to `request.limit` rows.
    ///   - after: what follows it; as many.
    package init(before: [Item], after: [Item], request: PageRequest) {
        let following = min(after.count, max(request.size / 2, request.size - before.count))
        let preceding = before.prefix(request.size - following)
        self.init(
            items: Array(preceding.reversed()) + after.prefix(following), total: nil,
            isTruncated: before.count + after.count > request.size)
    }

    package func map<Other: Sendable>(_ transform: (Item) throws -> Other) rethrows -> Page<Other> {
        replacing(try items.map(transform))
    }

    /// The same part of the list with other items, one for each.
    package func replacing<Other: Sendable>(_ items: [Other]) -> Page<Other> {
        Page<Other>(items: items, total: total, isTruncated: isTruncated)
    }

    private init(items: [Item], total: Int?, isTruncated: Bool) {
        self.items = items
        self.total = total
        self.isTruncated = isTruncated
    }
}

/// Parameters of a list that can be asked for page by page (rules/lists-and-paging 2).
package protocol PagedParameters: Validated {
    var page: Int? { get }
    var size: Int? { get }
}

extension PagedParameters {
    package var request: PageRequest { PageRequest(page: page, size: size) }
}

extension Rule where Root: PagedParameters {
    /// The bounds of `page` and `size`.
    package static var paging: [Rule] {
        [
            .range("page", \.page, 0...PageRequest.maximumPage),
            .range("size", \.size, 1...PageRequest.maximumSize),
        ]
    }
}
