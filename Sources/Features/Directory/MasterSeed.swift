import Persistence

/// The value lists every installation starts with.
enum MasterSeed {
    static let statements: [SQL] = []
}
