namespace OpenBanking.Consent;

/// <summary>Why a consent is in its state, as every consent's resource says it (OB-CON-3).</summary>
internal sealed record StatusReason(string StatusReasonCode, string? StatusReasonDescription)
{
    /// <summary>What the bank has stopped and its customer may open again by authenticating says that too.</summary>
    private static readonly StatusReason Reauthenticate = new("U028", "The customer must authenticate again.");

    /// <summary>Null where there is nothing to say.</summary>
    public static IReadOnlyList<StatusReason>? Of(ConsentRecord consent)
    {
        if (consent.ReasonCode is not { } code) return null;
        var reason = new StatusReason(code, consent.ReasonText);
        var isSuspended = code == States.Next(States.Of(consent.Kind), ConsentState.AUTH, ConsentEvent.Suspend)?.ReasonCode;
        return isSuspended && States.Next(States.Of(consent.Kind), consent.State, ConsentEvent.Authorise) is not null ? [reason, Reauthenticate] : [reason];
    }
}
