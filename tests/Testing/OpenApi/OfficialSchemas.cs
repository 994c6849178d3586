using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Newtonsoft.Json.Linq;
using NJsonSchema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OpenBanking.Testing.OpenApi;

/// <summary>
/// One of the official OpenAPI files, asked whether an answer is what the operation may answer. JSON Schema is a library's work; what it
/// is lenient about (dates) is checked here.
/// </summary>
public sealed partial class OfficialSchemas
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<OfficialSchemas>>> Loaded = new(StringComparer.Ordinal);
    private readonly JObject document;
    private readonly JsonSchema schemas;

    private OfficialSchemas(string version, JObject document, JsonSchema schemas)
    {
        Version = version;
        this.document = document;
        this.schemas = schemas;
    }

    public string Version { get; }

    /// <summary>The account-information file of a version, <c>v4.0</c> or <c>v4.0.1</c>.</summary>
    public static Task<OfficialSchemas> AccountInformationAsync(string version) => OfAsync(version, "account-info-openapi.yaml");

    /// <summary>The file of card issuers' funds checks.</summary>
    public static Task<OfficialSchemas> FundsConfirmationAsync() => OfAsync("v4.0.1", "confirmation-funds-openapi.yaml");

    /// <summary>The file of payments of a version, <c>v4.0</c> or <c>v4.0.1</c>.</summary>
    public static Task<OfficialSchemas> PaymentInitiationAsync(string version) => OfAsync(version, "payment-initiation-openapi.yaml");

    /// <summary>The file of variable recurring payments of a version, <c>v4.0</c> or <c>v4.0.1</c>.</summary>
    public static Task<OfficialSchemas> VariableRecurringPaymentsAsync(string version) => OfAsync(version, "vrp-openapi.yaml");

    /// <summary>The file of event subscriptions and polling of a version, <c>v4.0</c> or <c>v4.0.1</c>.</summary>
    public static Task<OfficialSchemas> EventsAsync(string version) => OfAsync(version, "events-openapi.yaml");

    /// <summary>The file of what a third party receives.</summary>
    public static Task<OfficialSchemas> EventNotificationsAsync() => OfAsync("v4.0.1", "event-notifications-openapi.yaml");

    private static Task<OfficialSchemas> OfAsync(string version, string file) =>
        Loaded.GetOrAdd(version + "/" + file, _ => new Lazy<Task<OfficialSchemas>>(() => LoadAsync(version, file))).Value;

    /// <summary>The registration file of a version, <c>v3.3</c> or <c>v3.4</c>.</summary>
    public static Task<OfficialSchemas> RegistrationAsync(string version) =>
        Loaded.GetOrAdd("registration-" + version, key => new Lazy<Task<OfficialSchemas>>(() => LoadAsync(key, "client-registration-openapi.yaml"))).Value;

    /// <summary>Names of the members that the file gives a schema.</summary>
    public IReadOnlyList<string> MembersOf(string schema) =>
        [.. ((JObject)document["definitions"]![schema]!["properties"]!).Properties().Select(property => property.Name)];

    /// <summary>The values of an enumeration, by its place in the file.</summary>
    public IReadOnlyList<string> ValuesAt(string schema, string path) =>
        [.. document["definitions"]![schema]!.SelectToken(path)!.Values<string>().Select(value => value!)];

    /// <summary>Every operation of the file with the statuses that it lists.</summary>
    public IReadOnlyList<OfficialOperation> Operations =>
    [
        .. from path in ((JObject)document["paths"]!).Properties()
           from operation in ((JObject)path.Value).Properties()
           where operation.Value["responses"] is not null
           select new OfficialOperation(
               operation.Name.ToUpperInvariant(),
               path.Name,
               [.. ((JObject)operation.Value["responses"]!).Properties().Select(status => int.Parse(status.Name, System.Globalization.CultureInfo.InvariantCulture))]),
    ];

    /// <summary>What is wrong with an answer; empty where it is as the file says.</summary>
    /// <param name="path">Path below that of the file's family, without query.</param>
    public IReadOnlyList<string> Problems(string method, string path, int status, string? contentType, string body)
    {
        if (Operation(method, path) is not { } operation) return [];
        if (operation["responses"]?[status.ToString(System.Globalization.CultureInfo.InvariantCulture)] is not JObject response)
            return status < 400 ? [$"{method} {path} may not answer {status}"] : ErrorProblems(body);
        response = Resolve(response);

        // Where the file gives no content, rules.md lets an error object stand (401 with TKXP).
        if (response["content"] is not JObject content) return status < 400 && body.Length > 0 ? ["a body where there is none"] : ErrorProblems(body);
        if (body.Length == 0) return status < 400 ? ["no body"] : [];

        // A file is answered as what it is, though the standard's file lists JSON alone (OB-DEC-2).
        if (status == 200 && path.TrimEnd('/') is var plain && (plain.EndsWith("/file", StringComparison.Ordinal) || plain.EndsWith("/report-file", StringComparison.Ordinal))) return [];
        if (contentType is null || content[contentType] is not JObject media) return [$"content type {contentType} is not listed"];
        return Validate(((string)media["schema"]!["$ref"]!).Split('/')[^1], body);
    }

    /// <summary>What is wrong with a body by a schema's name.</summary>
    public IReadOnlyList<string> Validate(string schema, string body)
    {
        var problems = schemas.Definitions[schema].ActualSchema.Validate(body).Select(error => $"{Version} {schema}: {error.Path} {error.Kind}").ToList();
        using var reader = new Newtonsoft.Json.JsonTextReader(new StringReader(body)) { DateParseHandling = Newtonsoft.Json.DateParseHandling.None };
        foreach (var value in JToken.Load(reader).SelectTokens("$..*").OfType<JValue>())
        {
            var name = (value.Parent as JProperty)?.Name ?? "";
            if (value.Type == JTokenType.Null) problems.Add($"{value.Path} is null (OB-GEN-5)");
            if (value.Type == JTokenType.String && ((string)value!).Length == 0) problems.Add($"{value.Path} is empty (OB-GEN-5)");
            if ((name.EndsWith("DateTime", StringComparison.Ordinal) || name is "OpeningDate" or "MaturityDate") && !Rfc3339().IsMatch((string)value!))
                problems.Add($"{value.Path} is no RFC 3339 date and time with a zone (OB-DAT-2)");
        }

        return problems;
    }

    private IReadOnlyList<string> ErrorProblems(string body) => body.Length == 0 ? [] : Validate("OBErrorResponse1", body);

    private JObject? Operation(string method, string path)
    {
        var segments = path.Trim('/').Split('/');
        foreach (var template in ((JObject)document["paths"]!).Properties())
        {
            var parts = template.Name.Trim('/').Split('/');
            if (parts.Length == segments.Length && parts.Zip(segments).All(pair => pair.First[0] == '{' || pair.First == pair.Second))
                return (template.Value as JObject)?[method.ToLowerInvariant()] as JObject;
        }

        return null;
    }

    private JObject Resolve(JObject value) =>
        (string?)value["$ref"] is { } reference
            ? (JObject)document.SelectToken("components." + string.Join('.', reference.Split('/')[2..].Select(part => $"['{part}']")))!
            : value;

    private static async Task<OfficialSchemas> LoadAsync(string version, string file)
    {
        var yaml = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "specs", "uk-ob", version, file));
        var stream = new YamlStream();
        using (var reader = new StringReader(yaml)) stream.Load(reader);
        var json = ToJson(stream.Documents[0].RootNode).ToString();

        // JSON Schema knows its parts as definitions.
        var document = JObject.Parse(json.Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal));
        document["definitions"] = document["components"]!["schemas"]!.DeepClone();
        var schemas = await JsonSchema.FromJsonAsync(new JObject { ["definitions"] = document["definitions"]!.DeepClone() }.ToString());
        return new OfficialSchemas(version, document, schemas);
    }

    private static JToken ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JObject(mapping.Children.Select(child => new JProperty(((YamlScalarNode)child.Key).Value!, ToJson(child.Value)))),
        YamlSequenceNode sequence => new JArray(sequence.Children.Select(ToJson)),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" } => true,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "false" } => false,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: var text } when long.TryParse(text, out var number) => number,
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidOperationException("YAML of another kind."),
    };

    [GeneratedRegex(@"\A\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Rfc3339();
}

/// <summary>An operation of an official file.</summary>
public sealed record OfficialOperation(string Method, string Path, IReadOnlyList<int> Statuses);
