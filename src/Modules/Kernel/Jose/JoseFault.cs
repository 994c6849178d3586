namespace OpenBanking.Kernel.Jose;

/// <summary>Why a key or a signed message was not taken. Whoever asked for it turns this into the answer of the place where it stood.</summary>
/// <param name="Rule">The line of the requirement list, or the row of the attack catalogue, that was not kept.</param>
/// <param name="Reason">Fixed text for the log; nothing of the input is in it.</param>
public sealed record JoseFault(string Rule, string Reason);
