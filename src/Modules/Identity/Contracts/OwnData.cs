using MediatR;

namespace OpenBanking.Identity.Contracts;

/// <summary>
/// A customer has asked what is stored about them (GDPR, articles 15 and 20). Each module adds what it keeps to <see cref="Answer"/>; one
/// that joins later needs nothing but a handler. Added is what the customer may see: no secret, not even hashed, and of other people
/// only what stands on the customer's own statements.
/// </summary>
public sealed record OwnDataAsked(string CustomerId) : INotification
{
    public List<OwnDataSection> Answer { get; } = [];
}

/// <summary>Records of one sort.</summary>
/// <param name="Name">What a program calls it: a member of the JSON file.</param>
/// <param name="Purpose">Why it is kept and for how long, as a person reads it.</param>
public sealed record OwnDataSection(string Name, string Title, string Purpose, IReadOnlyList<OwnDataRecord> Records);

/// <summary>One record, field by field in the order of reading.</summary>
public sealed record OwnDataRecord(params IReadOnlyList<OwnDataField> Fields);

/// <summary>One field of a record.</summary>
/// <param name="Name">What a program calls it.</param>
/// <param name="Label">What a person calls it.</param>
/// <param name="Value">Text, number, moment, day, yes or no, a list of texts, or a list of records; null where there is nothing, and then it is not shown.</param>
public sealed record OwnDataField(string Name, string Label, object? Value);

/// <summary>Writes into the customer's sign-in history that the data was downloaded, so that a customer who did not do it sees it there.</summary>
public sealed record RecordDownload(Guid SessionId) : IRequest;
