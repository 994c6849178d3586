using MediatR;

namespace OpenBanking.Accounts.Contracts;

/// <summary>An account was closed, or its customer took it to another bank: no consent reaches it any more.</summary>
/// <param name="WasSwitched">By the current account switch service.</param>
public sealed record AccountLeft(string AccountId, bool WasSwitched, DateTimeOffset At) : INotification;
