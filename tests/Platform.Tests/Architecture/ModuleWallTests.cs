using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;

namespace OpenBanking.Platform.Tests.Architecture;

/// <summary>Modules know each other's contracts and nothing else.</summary>
public sealed class ModuleWallTests
{
    /// <summary>Who may reference whom; the kernel's storage half goes wherever a database is.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Kernel"] = [],
        ["Kernel.Storage"] = ["Kernel"],
        ["ResourceServer"] = ["Kernel"],
        ["Identity"] = ["Kernel", "Kernel.Storage", "ResourceServer", "Identity.Contracts", "Consent.Contracts"],
        ["Consent"] = ["Kernel", "Kernel.Storage", "Consent.Contracts", "Identity.Contracts", "Accounts.Contracts"],
        ["Accounts"] = ["Kernel", "Kernel.Storage", "Accounts.Contracts", "Identity.Contracts", "Consent.Contracts"],
        ["Payments"] = ["Kernel", "Kernel.Storage", "Payments.Contracts", "Identity.Contracts", "Consent.Contracts", "Accounts.Contracts"],
        ["Web.Portal"] = ["Kernel", "Identity.Contracts", "Consent.Contracts", "Accounts.Contracts", "Payments.Contracts"],
    };

    public static TheoryData<string> Projects => [.. Checkout.Projects.Keys.Where(name => name != "Host")];

    public static TheoryData<string> Modules => [.. Checkout.Modules];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_table_allows(string project)
    {
        // Contracts may know the kernel and, where a message carries another module's words, that module's contracts. Identity's say who
        // calls, which is what the check of tokens has found.
        var allowed = Allowed.TryGetValue(project, out var named) ? named
            : project.EndsWith(".Contracts", StringComparison.Ordinal) ? [.. Checkout.Projects.Keys.Where(name => name == "Kernel" || (name == "ResourceServer" && project == "Identity.Contracts") || (name.EndsWith(".Contracts", StringComparison.Ordinal) && name != project))]
            : throw new Xunit.Sdk.XunitException($"{project} is not in the table of references: say who it may know.");

        Assert.Empty(Checkout.Projects[project].Except(allowed));
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_module_shows_the_host_one_type(string module) =>
        Assert.Equal([$"{module}Module"], Assembly.Load($"OpenBanking.{module}").GetExportedTypes()
            .Where(type => type.Namespace?.EndsWith(".Migrations", StringComparison.Ordinal) != true) // EF writes them public
            .Select(type => type.Name));

    [Fact]
    public void The_portal_shows_the_host_one_type_beside_its_components_and_what_they_take()
    {
        var shown = Assembly.Load("OpenBanking.Web.Portal").GetExportedTypes();
        var components = shown.Where(typeof(IComponent).IsAssignableFrom).ToList();
        var taken = components
            .SelectMany(component => component.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            .Where(property => property.IsDefined(typeof(ParameterAttribute)) || property.IsDefined(typeof(InjectAttribute)))
            .SelectMany(property => TypesIn(property.PropertyType))
            .ToHashSet();

        // What a thing that is taken consists of is taken with it.
        for (var parts = taken; parts.Count > 0; taken.UnionWith(parts))
            parts = [.. parts.Where(shown.Contains).SelectMany(type => type.GetProperties()).SelectMany(property => TypesIn(property.PropertyType)).Where(type => !taken.Contains(type))];

        Assert.Equal(["Portal"], shown.Except(components).Except(taken).Where(type => !type.Name.StartsWith('_')).Select(type => type.Name));
    }

    private static IEnumerable<Type> TypesIn(Type type) => type.GetGenericArguments().Append(type);

    [Fact]
    public void Host_shows_nothing_to_anybody() =>
        Assert.DoesNotContain(typeof(OpenBanking.Host.HostSettings).Assembly.GetExportedTypes(), type => type.Name != "Program");

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_module_stores_in_a_schema_of_its_own(string module)
    {
        var contexts = Assembly.Load($"OpenBanking.{module}").GetTypes().Where(type => type.IsSubclassOf(typeof(DbContext))).ToList();
        Assert.True(contexts.Count <= 1, "one context a module");
        foreach (var context in contexts)
            Assert.Equal(module.ToLowerInvariant(), context.GetField("Schema", BindingFlags.Public | BindingFlags.Static)?.GetValue(null));
    }

    [Fact]
    public void No_module_names_another_modules_inside()
    {
        var modules = Checkout.Modules.ToList();
        var found =
            from module in modules
            from other in modules
            where other != module
            from file in Checkout.Sources($"src/Modules/{module}")
            from line in File.ReadLines(file)
            let at = line.IndexOf($"OpenBanking.{other}.", StringComparison.Ordinal)
            where at >= 0 && !line[at..].StartsWith($"OpenBanking.{other}.Contracts", StringComparison.Ordinal)
            select $"{Path.GetFileName(file)}: {line.Trim()}";

        Assert.Empty(found);
    }
}
