using System.Text.Json;
using FluentValidation;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.FundsConfirmation;

/// <summary>What a card issuer asks for, as it asked (OBFundsConfirmationConsent1); members are null where they are absent.</summary>
internal sealed record FundsRequest(bool HasData, DebtorAccount? Debtor, string? ExpirationDateTime)
{
    /// <summary>Reads the members; a member of a wrong JSON type cannot be read as the schema (U010).</summary>
    public static Outcome<FundsRequest, ApiError> From(JsonElement body)
    {
        // The schema closes the outermost object and leaves those within it open (OB-GEN-16).
        var members = new BodyMembers();
        members.Only(body, "", "Data");
        var data = members.Object(body, "Data");
        string? expiration = null;
        DebtorAccount? debtor = null;
        if (data is { } asked)
        {
            expiration = members.Text(asked, "ExpirationDateTime", "Data");
            if (members.Object(asked, "DebtorAccount", "Data") is { } account) debtor = ReadAccount(account, members);
        }

        return members.Faults.Count > 0 ? ApiError.BadRequest(members.Faults) : new FundsRequest(data is not null, debtor, expiration);
    }

    private static DebtorAccount ReadAccount(JsonElement account, BodyMembers members)
    {
        const string Path = "Data.DebtorAccount";
        const string ProxyPath = Path + ".Proxy";
        var proxy = members.Object(account, "Proxy", Path) is { } given
            ? new DebtorAccount.AccountProxy(members.Text(given, "Identification", ProxyPath), members.Text(given, "Code", ProxyPath), members.Text(given, "Type", ProxyPath))
            : null;
        return new DebtorAccount(
            members.Text(account, "SchemeName", Path),
            members.Text(account, "Identification", Path),
            members.Text(account, "Name", Path),
            members.Text(account, "SecondaryIdentification", Path),
            proxy);
    }
}

/// <summary>What a request for funds confirmation must keep. Error codes are the standard's; the state of a rule is its id.</summary>
internal sealed class FundsRequestValidator : AbstractValidator<FundsRequest>
{
    private static readonly string[] ProxyCodes =
    [
        "TELE", "EMAL", "DNAM", "CINC", "COTX", "COID", "CUST", "DRLC", "EIDN", "EWAL", "PVTX", "LEIC", "MBNO", "NIDN", "CCPT", "SHID", "SOSE", "TOKN", "UBIL", "VIPN", "BIID",
    ];

    public FundsRequestValidator(TimeProvider time)
    {
        RuleFor(request => request.HasData).Equal(true)
            .WithErrorCode("U004").WithState(_ => "OB-CBP-1").WithMessage("Data is missing.").OverridePropertyName("Data");
        When(request => request.HasData, () =>
        {
            RuleFor(request => request.ExpirationDateTime).Cascade(CascadeMode.Stop)
                .Must(text => text is null || IsoDateTime.Parse(text) is not null)
                .WithErrorCode("U003").WithState(_ => "OB-CBP-11").WithMessage("Must be an ISO 8601 date and time.")
                .Must(text => text is null || IsoDateTime.Parse(text) > time.GetUtcNow())
                .WithErrorCode("U003").WithState(_ => "OB-CON-19").WithMessage("Must lie in the future.").OverridePropertyName("Data.ExpirationDateTime");
            RuleFor(request => request.Debtor).NotNull()
                .WithErrorCode("U004").WithState(_ => "OB-CBP-1").WithMessage("DebtorAccount is missing.").OverridePropertyName("Data.DebtorAccount");
        });
        When(request => request.Debtor is not null, () =>
        {
            RuleFor(request => request.Debtor!.SchemeName).Cascade(CascadeMode.Stop)
                .NotNull().WithErrorCode("U004").WithState(_ => "OB-CBP-1").WithMessage("SchemeName is missing.")
                .Must(name => AccountSchemes.IsKnown(name!)).WithErrorCode("U027").WithState(_ => "OB-CBP-1").WithMessage("This scheme is not supported.")
                .OverridePropertyName("Data.DebtorAccount.SchemeName");
            RuleFor(request => request.Debtor!.Identification).Cascade(CascadeMode.Stop)
                .NotNull().WithErrorCode("U004").WithState(_ => "OB-CBP-1").WithMessage("Identification is missing.")
                .Must(text => text!.Length is >= 1 and <= 256).WithErrorCode("U002").WithState(_ => "OB-CBP-1").WithMessage("Must be 1 to 256 characters.")
                .Must((request, text) => AccountSchemes.Fits(request.Debtor!.SchemeName, text!))
                .WithErrorCode("U021").WithState(_ => "OB-CBP-1").WithMessage("Is no identification in this scheme.").OverridePropertyName("Data.DebtorAccount.Identification");
            Bounded(request => request.Debtor!.Name, 350, "Data.DebtorAccount.Name");
            Bounded(request => request.Debtor!.SecondaryIdentification, 34, "Data.DebtorAccount.SecondaryIdentification");
        });
        When(request => request.Debtor?.Proxy is not null, () =>
        {
            RuleFor(request => request.Debtor!.Proxy!.Identification).NotNull()
                .WithErrorCode("U004").WithState(_ => "OB-CBP-1").WithMessage("Identification is missing.").OverridePropertyName("Data.DebtorAccount.Proxy.Identification");
            Bounded(request => request.Debtor!.Proxy!.Identification, 2048, "Data.DebtorAccount.Proxy.Identification");
            RuleFor(request => request.Debtor!.Proxy!.Code).Cascade(CascadeMode.Stop)
                .NotNull().WithErrorCode("U004").WithState(_ => "OB-CBP-1").WithMessage("Code is missing.")
                .Must(code => ProxyCodes.Contains(code)).WithErrorCode("U002").WithState(_ => "OB-CBP-1").WithMessage("Is no code of a proxy.")
                .OverridePropertyName("Data.DebtorAccount.Proxy.Code");
            Bounded(request => request.Debtor!.Proxy!.Type, 35, "Data.DebtorAccount.Proxy.Type");
        });
    }

    /// <summary>Everything that is wrong, in document order (OB-ERR-5); null where nothing is.</summary>
    public ApiError? FirstRefusal(FundsRequest request)
    {
        var faults = Validate(request).Errors
            .Select(error => new ApiFault(error.ErrorCode, (string)error.CustomState, error.ErrorMessage, error.PropertyName))
            .ToList();
        return faults.Count > 0 ? ApiError.BadRequest(faults) : null;
    }

    private void Bounded(System.Linq.Expressions.Expression<Func<FundsRequest, string?>> member, int most, string path) =>
        RuleFor(member).Must(text => text is null || !text.Any(char.IsControl))
            .WithErrorCode("U002").WithState(_ => "OB-GEN-4").WithMessage("Must have no control characters.").OverridePropertyName(path)
            .Must(text => text is null || (text.Length >= 1 && text.Length <= most))
            .WithErrorCode("U002").WithState(_ => "OB-CBP-1").WithMessage($"Must be 1 to {most} characters.").OverridePropertyName(path);
}
