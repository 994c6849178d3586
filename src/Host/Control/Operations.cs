namespace OpenBanking.Host.Control;

/// <summary>Every operation a tester may know of, by subject; each subject's own file holds its rows and what they do.</summary>
internal static class Operations
{
    public static readonly IReadOnlyList<(string Subject, IReadOnlyList<Operation> Rows)> BySubject =
    [
        ("Clock", ClockOperations.All),
        ("The bank's choices", ChoiceOperations.All),
        ("Core bank", CoreOperations.All),
        ("Accounts", AccountOperations.All),
        ("Consents", ConsentOperations.All),
        ("Payments", PaymentOperations.All),
        ("Directory", DirectoryOperations.All),
    ];

    public static IEnumerable<Operation> All => BySubject.SelectMany(subject => subject.Rows);
}
