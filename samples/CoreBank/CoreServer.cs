using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenBanking.Samples.CoreBank.Books;

namespace OpenBanking.Samples.CoreBank;

/// <summary>Puts the core together: its books, and the contract in front of them.</summary>
internal static class CoreServer
{
    public static WebApplication Build(CoreOptions options, TimeProvider time, HttpMessageHandler? outbound = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.WebHost.UseUrls(options.Address);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 256 * 1024;
        });
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<Bank>();
        builder.Services.AddSingleton(_ => outbound is null ? new HttpClient() : new HttpClient(outbound, disposeHandler: false));
        builder.Services.AddSingleton<Notices>();
        builder.Services.AddSingleton<CoreApi>();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.RespectRequiredConstructorParameters = true; // What lacks something is no question.
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            json.SerializerOptions.Converters.Add(new Amounts());
        });
        var app = builder.Build();
        CoreApi.Map(app);
        return app;
    }

    /// <summary>Amounts are texts.</summary>
    private sealed class Amounts : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            decimal.Parse(reader.GetString() ?? "", NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }
}
