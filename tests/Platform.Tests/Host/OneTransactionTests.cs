using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OpenBanking.Host;
using OpenBanking.Kernel.Storage;

namespace OpenBanking.Platform.Tests.Host;

public sealed class OneTransactionTests
{
    /// <summary>Who is signed in is asked of the database for every request with a cookie; a slow sender must not hold a connection meanwhile.</summary>
    [Fact]
    [Trait("Rule", "OP-12")]
    public async Task A_request_is_received_whole_before_anything_is_asked_of_the_database()
    {
        await using var database = NpgsqlDataSource.Create("Host=nowhere.invalid");
        await using var services = new ServiceCollection().AddScoped(_ => new UnitOfWork(database)).BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();
        var sender = new Pipe();
        var http = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        http.Request.Body = sender.Reader.AsStream();
        http.Features.Set<IHttpRequestBodyDetectionFeature>(new HasBody());
        string? read = null;
        var transaction = new OneTransaction(async inside =>
        {
            using var reader = new StreamReader(inside.Request.Body);
            read = await reader.ReadToEndAsync();
        });

        var running = transaction.InvokeAsync(http);
        foreach (var part in new[] { "grant_type=", "client_credentials" })
        {
            await sender.Writer.WriteAsync(Encoding.ASCII.GetBytes(part));
            await Task.Delay(50);
            Assert.Null(read);
        }

        await sender.Writer.CompleteAsync();
        await running;
        Assert.Equal("grant_type=client_credentials", read);
    }

    private sealed class HasBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => true;
    }
}
