using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Consent.Storage.Migrations
{
    /// <inheritdoc />
    public partial class ConsentsOfEveryKind : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // The table keeps its rows; from now on it holds consents of every kind.
            migrationBuilder.RenameTable(name: "account_access", schema: "consent", newName: "consents", newSchema: "consent");
            migrationBuilder.Sql("""ALTER TABLE consent.consents RENAME CONSTRAINT "PK_account_access" TO "PK_consents" """);
            foreach (var index in (string[])["AccountIds", "ClientId_CreatedAt", "CustomerId"])
                migrationBuilder.RenameIndex(name: "IX_account_access_" + index, schema: "consent", table: "consents", newName: "IX_consents_" + index);

            migrationBuilder.AddColumn<string>(name: "Terms", schema: "consent", table: "consents", type: "json", nullable: true);
            migrationBuilder.CreateIndex(
                name: "IX_consents_CreatedAt",
                schema: "consent",
                table: "consents",
                column: "CreatedAt",
                filter: "\"State\" = 'AWAU'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(name: "IX_consents_CreatedAt", schema: "consent", table: "consents");
            migrationBuilder.DropColumn(name: "Terms", schema: "consent", table: "consents");
            foreach (var index in (string[])["AccountIds", "ClientId_CreatedAt", "CustomerId"])
                migrationBuilder.RenameIndex(name: "IX_consents_" + index, schema: "consent", table: "consents", newName: "IX_account_access_" + index);
            migrationBuilder.Sql("""ALTER TABLE consent.consents RENAME CONSTRAINT "PK_consents" TO "PK_account_access" """);
            migrationBuilder.RenameTable(name: "consents", schema: "consent", newName: "account_access", newSchema: "consent");
        }
    }
}
