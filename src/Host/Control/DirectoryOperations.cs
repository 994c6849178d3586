namespace OpenBanking.Host.Control;

internal static class DirectoryOperations
{
    public static readonly IReadOnlyList<Operation> All =
    [
        new("keys", "The sandbox directory's key set of a client.", [new("client", "string"), new("jwks", "object")]),
        new("suspend", "The sandbox directory suspends a client.", [new("client", "string"), new("on", "boolean")]),
    ];
}
