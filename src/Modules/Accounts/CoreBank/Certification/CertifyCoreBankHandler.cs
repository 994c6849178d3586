using System.Text.Json;
using MediatR;
using OpenBanking.Accounts.Contracts;
using OpenBanking.Accounts.CoreBank.Connector;

namespace OpenBanking.Accounts.CoreBank.Certification;

/// <summary>Runs the table of cases; a case that breaks in any way has failed, and the next one is tried all the same.</summary>
internal sealed class CertifyCoreBankHandler(CoreBankOptions settings, TimeProvider time) : IRequestHandler<CertifyCoreBank, bool>
{
    public async Task<bool> Handle(CertifyCoreBank request, CancellationToken cancellationToken)
    {
        // Without patience: what the product would ask again is a fault here.
        var options = settings.At(request.Address);
        using var patience = new CorePatience(options, time);
        using var core = new CoreConnection(options, patience);
        var adapter = new Adapter(core, options, request.CustomerId, request.OtherCustomerId);
        await WarmAsync(adapter, cancellationToken);
        var kept = true;
        foreach (var trial in CoreCases.InOrder)
        {
            var done = await TryAsync(trial, adapter, cancellationToken);
            kept &= done.Problem is null;
            await request.Report(done);
        }

        return kept;
    }

    /// <summary>The very first question opens connections and finds code cold, here and there; no case is judged by it.</summary>
    private static async Task WarmAsync(Adapter adapter, CancellationToken ct)
    {
        try
        {
            await adapter.AccountsAsync(adapter.CustomerId, null, ct);
        }
        catch (CoreBankAwayException)
        {
            // The cases will say so.
        }
    }

    private static async Task<CoreCase> TryAsync(CoreTrial trial, Adapter adapter, CancellationToken ct)
    {
        if (!trial.CanBeTried(adapter)) return new CoreCase(trial.Id, trial.Says, null, WasTried: false);
        string? problem;
        try
        {
            problem = await trial.FindProblem(adapter, ct);
        }
        catch (CoreBankAwayException away)
        {
            problem = away.Message;
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or JsonException or InvalidOperationException)
        {
            problem = broken.Message;
        }

        return new CoreCase(trial.Id, trial.Says, problem, WasTried: true);
    }
}
