using System.Text.Json;
using FluentValidation;
using OpenBanking.Kernel;
using OpenBanking.Kernel.Http;

namespace OpenBanking.Consent.AccountAccess;

/// <summary>What a third party asks for, as it asked (OBReadConsent1); members are null where they are absent.</summary>
internal sealed record AccessRequest(AccessRequest.RequestedData? Data, bool HasRisk)
{
    internal sealed record RequestedData(
        IReadOnlyList<string>? Permissions,
        string? ExpirationDateTime,
        string? TransactionFromDateTime,
        string? TransactionToDateTime);

    /// <summary>Reads the members; a member of a wrong JSON type cannot be read as the schema (U010).</summary>
    public static Outcome<AccessRequest, ApiError> From(JsonElement body)
    {
        var members = new BodyMembers();
        var data = members.Object(body, "Data") is { } asked
            ? new RequestedData(
                members.Texts(asked, "Permissions", "Data"),
                members.Text(asked, "ExpirationDateTime", "Data"),
                members.Text(asked, "TransactionFromDateTime", "Data"),
                members.Text(asked, "TransactionToDateTime", "Data"))
            : null;

        // Risk is the one object of this resource whose schema closes it; elsewhere unknown members are let be (OB-GEN-16).
        var risk = members.Object(body, "Risk");
        if (risk is { } given && given.EnumerateObject().Any())
            members.Faults.Add(new ApiFault("U010", "OB-GEN-16", "Risk has no members here.", "Risk"));

        return members.Faults.Count > 0 ? ApiError.BadRequest(members.Faults) : new AccessRequest(data, risk is not null);
    }
}

/// <summary>What a request for account access must keep. Error codes are the standard's; the state of a rule is its id.</summary>
internal sealed class AccessRequestValidator : AbstractValidator<AccessRequest>
{
    /// <summary>Far more than the standard has permissions; duplicates are allowed, a flood of them is not.</summary>
    private const int MostPermissions = 100;

    public AccessRequestValidator(TimeProvider time)
    {
        RuleFor(request => request.Data).NotNull()
            .WithErrorCode("U004").WithState(_ => "OB-AIS-2").WithMessage("Data is missing.").OverridePropertyName("Data");
        When(request => request.Data is not null, () =>
        {
            RuleFor(request => request.Data!.Permissions).Cascade(CascadeMode.Stop)
                .NotNull().WithErrorCode("U004").WithState(_ => "OB-AIS-2").WithMessage("Permissions are missing.")
                .Must(codes => codes!.Count is > 0 and <= MostPermissions)
                .WithErrorCode("U002").WithState(_ => "OB-AIS-2").WithMessage("Ask for at least one permission, and for none over and over.")
                .Must(codes => codes!.All(Permissions.IsOffered))
                .WithErrorCode("U002").WithState(_ => "OB-AIS-4").WithMessage("At least one permission is unknown or for data that is not offered here.")
                .Must(NamesAccounts)
                .WithErrorCode("U002").WithState(_ => "OB-AIS-2").WithMessage("ReadAccountsBasic or ReadAccountsDetail is needed.")
                .Must(HasLevelWithDirection)
                .WithErrorCode("U002").WithState(_ => "OB-AIS-2")
                .WithMessage("Transactions need both a level (ReadTransactionsBasic or Detail) and a direction (ReadTransactionsCredits or Debits).")
                .OverridePropertyName("Data.Permissions");

            Date(request => request.Data!.ExpirationDateTime, "Data.ExpirationDateTime");
            RuleFor(request => request.Data!.ExpirationDateTime)
                .Must(text => IsoDateTime.Parse(text!) > time.GetUtcNow())
                .When(request => IsDate(request.Data!.ExpirationDateTime))
                .WithErrorCode("U003").WithState(_ => "OB-CON-19").WithMessage("Must lie in the future.").OverridePropertyName("Data.ExpirationDateTime");
            Date(request => request.Data!.TransactionFromDateTime, "Data.TransactionFromDateTime");
            Date(request => request.Data!.TransactionToDateTime, "Data.TransactionToDateTime");
            RuleFor(request => request.Data!.TransactionToDateTime)
                .Must((request, to) => IsoDateTime.Parse(to!) >= IsoDateTime.Parse(request.Data!.TransactionFromDateTime!))
                .When(request => IsDate(request.Data!.TransactionFromDateTime) && IsDate(request.Data!.TransactionToDateTime))
                .WithErrorCode("U003").WithState(_ => "OB-DAT-7").WithMessage("Must not be earlier than TransactionFromDateTime.")
                .OverridePropertyName("Data.TransactionToDateTime");
        });
        RuleFor(request => request.HasRisk).Equal(true)
            .WithErrorCode("U004").WithState(_ => "OB-AIS-5").WithMessage("Risk is missing; it may be empty.").OverridePropertyName("Risk");
    }

    /// <summary>Everything that is wrong, in document order (OB-ERR-5); null where nothing is.</summary>
    public ApiError? FirstRefusal(AccessRequest request)
    {
        var faults = Validate(request).Errors
            .Select(error => new ApiFault(error.ErrorCode, (string)error.CustomState, error.ErrorMessage, error.PropertyName))
            .ToList();
        return faults.Count > 0 ? ApiError.BadRequest(faults) : null;
    }

    private void Date(System.Linq.Expressions.Expression<Func<AccessRequest, string?>> member, string path) =>
        RuleFor(member).Must(text => text is null || IsDate(text))
            .WithErrorCode("U003").WithState(_ => "OB-DAT-8").WithMessage("Must be an ISO 8601 date and time.").OverridePropertyName(path);

    private static bool IsDate(string? text) => text is not null && IsoDateTime.Parse(text) is not null;

    private static bool NamesAccounts(IReadOnlyList<string>? codes) =>
        codes!.Contains(Permissions.ReadAccountsBasic) || codes!.Contains(Permissions.ReadAccountsDetail);

    private static bool HasLevelWithDirection(IReadOnlyList<string>? codes)
    {
        var level = codes!.Contains(Permissions.ReadTransactionsBasic) || codes!.Contains(Permissions.ReadTransactionsDetail);
        var direction = codes!.Contains(Permissions.ReadTransactionsCredits) || codes!.Contains(Permissions.ReadTransactionsDebits);
        return level == direction;
    }
}
