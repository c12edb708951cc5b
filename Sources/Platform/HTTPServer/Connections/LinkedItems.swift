/// Items that move between lists often: into one and out of it again takes the same short time however long it is, and
/// no memory. Numbers of items that have gone are given to new ones.
struct LinkedItems<Item> {
    /// A list of some of the items, in the order they came into it. An item is in one list at a time.
    struct List {
        fileprivate(set) var first: Int?
        fileprivate var last: Int?
        fileprivate(set) var count = 0
    }

    private struct Node {
        var item: Item
        var previous: Int?
        var next: Int?
    }

    private var nodes: [Node] = []
    private var unused: [Int] = []

    subscript(number: Int) -> Item {
        get { nodes[number].item }
        _modify { yield &nodes[number].item }
    }

    mutating func insert(_ item: Item) -> Int {
        guard let number = unused.popLast() else {
            nodes.append(Node(item: item))
            return nodes.count - 1
        }
        nodes[number] = Node(item: item)
        return number
    }

    /// For an item that is in no list; it is kept until its number is used again.
    mutating func forget(_ number: Int) {
        unused.append(number)
    }

    mutating func append(_ number: Int, to list: inout List) {
        nodes[number].previous = list.last
        nodes[number].next = nil
        if let last = list.last { nodes[last].next = number } else { list.first = number }
        list.last = number
        list.count += 1
    }

    /// Takes an item out of the list that it is in.
    mutating func take(_ number: Int, from list: inout List) {
        let (previous, next) = (nodes[number].previous, nodes[number].next)
        if let previous { nodes[previous].next = next } else { list.first = next }
        if let next { nodes[next].previous = previous } else { list.last = previous }
        list.count -= 1
    }
}
