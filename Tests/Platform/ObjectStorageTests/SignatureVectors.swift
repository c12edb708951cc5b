/// Requests whose canonical texts and signatures are published: AWS's suite of test cases, the examples in the
/// documentation of S3, and two of our own that were computed with another implementation.
enum SignatureVectors {
    typealias Vector = SignatureTests.Vector

    private static let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    static let suite = [
        Vector(
            name: "get-vanilla", canonical: "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-vanilla-query-order-key-case",
            query: [(name: "Param2", value: "value2"), (name: "Param1", value: "value1")],
            canonical: "816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        Vector(
            name: "get-vanilla-query-order-encoded",
            query: [
                (name: "Param-3", value: "Value3"), (name: "Param", value: "Value2"),
                (name: "\u{1234}", value: "Value1"),
            ], canonical: "868294f5c38bd141c4972a373a76654f1418a8e4fc18b2e7903ae45e8ae0ec71",
            signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
        Vector(
            name: "get-vanilla-query-unreserved", query: [(name: unreserved, value: unreserved)],
            canonical: "c30d4703d9f799439be92736156d47ccfb2d879ddf56f5befa6d1d6aab979177",
            signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        Vector(
            name: "get-vanilla-utf8-query", query: [(name: "\u{1234}", value: "bar")],
            canonical: "eb30c5bed55734080471a834cc727ae56beb50e5f39d1bff6d0d38cb192a7073",
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        Vector(
            name: "get-utf8", path: "/\u{1234}",
            canonical: "2a0a97d02205e45ce2e994789806b19270cfbbb0921b278ccf58f5249ac42102",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        Vector(
            name: "get-space", path: "/example space/",
            canonical: "63ee75631ed7234ae61b5f736dfc7754cdccfedbff4b5128a915706ee9390d86",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        // S3 never normalises a path, other services do: these two stand with their outcome.
        Vector(
            name: "get-slashes, normalised", path: "/example/",
            canonical: "cb96b4ac96d501f7c5c15bc6d67b3035061cfced4af6585ad927f7e6c985c015",
            signature: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
        Vector(
            name: "get-relative, normalised", path: "/",
            canonical: "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        Vector(
            name: "get-header-key-duplicate",
            headers: [
                (name: "My-Header1", value: "value2"), (name: "My-Header1", value: "value2"),
                (name: "My-Header1", value: "value1"),
            ], canonical: "dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c",
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        Vector(
            name: "get-header-value-order",
            headers: [
                (name: "My-Header1", value: "value4"), (name: "My-Header1", value: "value1"),
                (name: "My-Header1", value: "value3"), (name: "My-Header1", value: "value2"),
            ], canonical: "31ce73cd3f3d9f66977ad3dd957dc47af14df92fcd8509f59b349e9137c58b86",
            signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
        Vector(
            name: "get-header-value-trim",
            headers: [(name: "My-Header1", value: " value1"), (name: "My-Header2", value: " \"a   b   c\"")],
            canonical: "a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        Vector(
            name: "post-vanilla", method: "POST",
            canonical: "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87",
            signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        Vector(
            name: "post-header-key-sort", method: "POST", headers: [(name: "My-Header1", value: "value1")],
            canonical: "9368318c2967cf6de74404b30c65a91e8f6253e0a8659d6d5319f1a812f87d65",
            signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
        Vector(
            name: "post-x-www-form-urlencoded", method: "POST",
            headers: [(name: "Content-Type", value: "application/x-www-form-urlencoded")],
            hash: "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e",
            canonical: "42a5e5bb34198acb3e84da4f085bb7927f2bc277ca766e6d19c73c2154021281",
            signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
        Vector(
            name: "get-vanilla-with-session-token",
            headers: [
                (
                    name: "X-Amz-Security-Token",
                    value: "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
                )
            ], canonical: "067b36aa60031588cea4a4cde1f21215227a047690c72247f1d70b32fbbfad2b",
            signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
    ]

    private static let exampleHost = (name: "host", value: "examplebucket.s3.amazonaws.com")
    private static let exampleDate = (name: "x-amz-date", value: "20130524T000000Z")
    private static let emptyBody = (
        name: "x-amz-content-sha256", value: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )

    static let examples = [
        Vector(
            name: "get a range", path: "/test.txt",
            headers: [exampleHost, (name: "range", value: "bytes=0-9"), emptyBody, exampleDate],
            canonical: "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
            signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        Vector(
            name: "put", method: "PUT", path: "/test$file.text",
            headers: [
                (name: "date", value: "Fri, 24 May 2013 00:00:00 GMT"), exampleHost,
                (
                    name: "x-amz-content-sha256",
                    value: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
                ), exampleDate, (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
            ], hash: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            canonical: "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
            signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        Vector(
            name: "a name without a value", query: [(name: "lifecycle", value: "")],
            headers: [exampleHost, emptyBody, exampleDate],
            canonical: "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
            signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        Vector(
            name: "list", query: [(name: "prefix", value: "J"), (name: "max-keys", value: "2")],
            headers: [exampleHost, emptyBody, exampleDate],
            canonical: "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
            signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        Vector(
            name: "a signed URL", path: "/test.txt",
            query: signedURL("20130524/us-east-1", "20130524T000000Z", expires: 86_400), headers: [exampleHost],
            hash: "UNSIGNED-PAYLOAD", canonical: "3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04",
            signature: "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"),
    ]

    private static let projectHost = (name: "host", value: "abcd1234.storage.supabase.co")
    private static let key = "/storage/v1/s3/caresync/lab_reports/user_7/a b+é.pdf"

    static let subPaths = [
        Vector(
            name: "put", method: "PUT", path: key,
            headers: [
                (name: "content-type", value: "application/pdf"), projectHost,
                (
                    name: "x-amz-content-sha256",
                    value: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
                ), (name: "x-amz-date", value: "20260102T030405Z"),
            ], hash: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            canonical: "00c0b02e2fd86e24d728cb9b600a19128282159753a2b5fcdbad21887167c71d",
            signature: "c30b42c61ac92fc70194c70adaf99bd9a10c5266d3569985ebc810277b6092a1"),
        Vector(
            name: "a signed URL", path: key,
            query: signedURL("20260102/ap-south-1", "20260102T030405Z", expires: 300) + [
                (name: "response-content-disposition", value: "attachment; filename=\"report.pdf\"")
            ], headers: [projectHost], hash: "UNSIGNED-PAYLOAD",
            canonical: "9a68aa0efa3747f37455d8ae70295785d6cdb00f46b15dc27a7b8e92f21d5903",
            signature: "0053da50bd55497d5df3e8894ab734f1821f92a12e1c51c6cd5d8833e3f7e7c0"),
    ]

    private static func signedURL(_ scope: String, _ stamp: String, expires: Int) -> [(name: String, value: String)] {
        [
            (name: "X-Amz-Algorithm", value: "AWS4-HMAC-SHA256"),
            (name: "X-Amz-Credential", value: "AKIAIOSFODNN7EXAMPLE/\(scope)/s3/aws4_request"),
            (name: "X-Amz-Date", value: stamp), (name: "X-Amz-Expires", value: "\(expires)"),
            (name: "X-Amz-SignedHeaders", value: "host"),
        ]
    }
}
