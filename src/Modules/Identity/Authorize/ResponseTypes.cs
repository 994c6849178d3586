using OpenBanking.Identity.Clients;

namespace OpenBanking.Identity.Authorize;

/// <summary>What an authorization request may ask for; which client may is a row of the request checks.</summary>
internal static class ResponseTypes
{
    public const string Code = "code";

    /// <summary>A code, and beside it the ID token that signs the answer.</summary>
    public const string Hybrid = "code id_token";

    public static readonly IReadOnlyList<string> Offered = [Code, Hybrid];
}

/// <summary>Where in the address, or in a form, an answer goes.</summary>
internal enum ResponsePlace
{
    Query,
    Fragment,
    Form,
}

/// <summary>How an answer reaches the client.</summary>
/// <param name="IsSigned">All parameters are inside one JWT (JARM).</param>
/// <param name="For">The profiles whose clients may ask for it.</param>
internal sealed record ResponseMode(string Name, ResponsePlace Place, bool IsSigned, Profile For)
{
    private const Profile F2 = Profile.F2;
    private const Profile MS = Profile.MS;
    private const Profile F1 = Profile.F1;
    private const Profile Baseline = Profile.Baseline;

    private static readonly ResponseMode Query = new("query", ResponsePlace.Query, IsSigned: false, F2 | Baseline);
    private static readonly ResponseMode Fragment = new("fragment", ResponsePlace.Fragment, IsSigned: false, F1);

    /// <summary>Every mode there is; <c>jwt</c> is a word for one of the others (JARM-04).</summary>
    private static readonly ResponseMode[] All =
    [
        Query,
        Fragment,
        new("form_post", ResponsePlace.Form, IsSigned: false, F2 | F1 | Baseline),
        new("query.jwt", ResponsePlace.Query, IsSigned: true, MS | F1),
        new("fragment.jwt", ResponsePlace.Fragment, IsSigned: true, MS | F1),
        new("form_post.jwt", ResponsePlace.Form, IsSigned: true, MS | F1),
    ];

    public static IReadOnlyList<string> Offered => [.. All.Select(mode => mode.Name), "jwt"];

    /// <summary>The mode that a request asks for, by its name or by its response type; null for a name that is none.</summary>
    public static ResponseMode? Of(AuthorizationRequest request)
    {
        var place = request.IsHybrid ? Fragment : Query;
        return request.ResponseMode switch
        {
            null => place,
            "jwt" => Named(place.Name + ".jwt"),
            { } name => Named(name),
        };
    }

    /// <summary>The mode of an answer: as asked for where that may be, else the one of the response type, since a refusal of the mode has to reach its client too.</summary>
    public static ResponseMode OfAnswer(AuthorizationRequest request, Client client) =>
        Of(request) is { } mode && mode.IsFor(client) && !(request.IsHybrid && mode.Place == ResponsePlace.Query) ? mode : request.IsHybrid ? Fragment : Query;

    public bool IsFor(Client client) => (For & client.Profile) != Profile.None;

    private static ResponseMode? Named(string name) => All.FirstOrDefault(mode => mode.Name == name);
}
